import { setTimeout as sleep } from 'node:timers/promises'
import { scaled, slowdown } from './machine-speed.js'

/** The factor for timeouts that are settings of the service and have to be known when it starts: a whole number from 1. */
export const PATIENCE = slowdown()

/** Waits until `condition` is true; resolves to false if that took longer than `ms`, on a quiet machine. */
export async function within(ms: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  const began = performance.now()
  while (!(await condition())) {
    if (performance.now() - began > scaled(ms)) return false
    await sleep(10)
  }
  return true
}
