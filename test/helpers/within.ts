import { setTimeout as sleep } from 'node:timers/promises'

/** The factor by which time limits are longer in CI, where the machine is shared. */
export const PATIENCE = process.env['CI'] === 'true' ? 3 : 1

/** Waits until `condition` is true; resolves to false if that took longer than `ms`, times PATIENCE. */
export async function within(ms: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  const giveUp = performance.now() + ms * PATIENCE
  while (!(await condition())) {
    if (performance.now() > giveUp) return false
    await sleep(10)
  }
  return true
}
