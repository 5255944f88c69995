/**
 * What the machine delivers just now, so that a time bound holds on a busy one, too. `npm test` measures it all the time,
 * as a benchmark does: a fixed piece of work takes longer if other processes need the CPU, if the machine is slow, or if
 * a container has used up its share. Bounds only ever become longer, and never longer than by the factor `AT_MOST`.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'

/** How long the piece of work takes on the quiet machine for which the bounds are written, in ms. */
const QUIET_MS = 25
/** The factor in CI, where machines are shared and stall between two measurements. */
const AT_LEAST = process.env['CI'] === 'true' ? 3 : 1
const AT_MOST = 30
const INTERVAL_MS = 1000
/** The slowest of so many measurements counts: a test that asks now may have been held up a while ago. */
const REMEMBERED = 30

/** The file in which `npm test` publishes the factor. */
const FILE = process.env['TEST_MACHINE_SPEED_FILE']

const items = JSON.stringify(
  Array.from({ length: 200 }, (_, n) => ({ id: `item-${n}`, amount: n / 8, tags: ['a', 'b'] })),
)

/**
 * The time that a piece of work takes now, divided by its time on a quiet machine. Blocks for 20 ms of CPU: a shorter
 * piece would fit into the time slice that the scheduler gives to a process that has slept.
 */
export function measureSlowdown(): number {
  const began = performance.now()
  for (let round = 0; round < 150; round++) JSON.stringify(JSON.parse(items))
  return (performance.now() - began) / QUIET_MS
}

/** Measures once a second, and publishes the result in a file for {@link slowdown}, until it is stopped. */
export function startMeasuring(file: string): { readonly stop: () => void } {
  const recent: number[] = []
  const measure = () => {
    recent.push(measureSlowdown())
    if (recent.length > REMEMBERED) recent.shift()
    // Renamed, so that no reader sees half a file.
    writeFileSync(`${file}.new`, String(Math.max(...recent)))
    renameSync(`${file}.new`, file)
  }
  measureSlowdown() // Compiles it.
  measure()
  const timer = setInterval(measure, INTERVAL_MS)
  return {
    stop: () => {
      clearInterval(timer)
    },
  }
}

// A test that is started without npm test measures once, before it begins.
const atStart = FILE === undefined ? (measureSlowdown(), measureSlowdown()) : 1

/** How many times slower the machine was in the last half minute than a quiet one: a whole number from 1. */
export function slowdown(): number {
  const measured = FILE === undefined ? atStart : Number(readFileSync(FILE, 'utf8'))
  return Math.min(AT_MOST, Math.max(AT_LEAST, Math.ceil(measured)))
}

/** A time bound of `ms` on a quiet machine, as long as it has to be on this one now. Ask when the bound is checked. */
export const scaled = (ms: number): number => ms * slowdown()
