import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until `condition` holds; false if it did not within `ms`. */
export async function within(ms: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  const giveUp = performance.now() + ms
  while (!(await condition())) {
    if (performance.now() > giveUp) return false
    await sleep(10)
  }
  return true
}
