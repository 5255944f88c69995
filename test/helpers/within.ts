import { setTimeout as sleep } from 'node:timers/promises'

/** A machine of CI is shared: what takes at most so long elsewhere may take so many times as long there. */
export const PATIENCE = process.env['CI'] === 'true' ? 3 : 1

/** Waits until `condition` holds; false if it did not within `ms`. */
export async function within(ms: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  const giveUp = performance.now() + ms * PATIENCE
  while (!(await condition())) {
    if (performance.now() > giveUp) return false
    await sleep(10)
  }
  return true
}
