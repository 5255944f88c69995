/** How the work of a function grows with its input, measured so that it holds on a busy machine too. */
import { cpuUsage } from 'node:process'

/** How many times longer the long input is. */
const LONGER = 16
/** Work in proportion to the length is 1, and work in its square is 16. */
export const TOO_MUCH = 3
const ROUNDS = 3
/** Less CPU time than this, in µs, is not measured well: the system counts it in parts of some ms. */
const MEASURABLE = 20_000

/**
 * The CPU time for one long input, divided by that for as many short ones as are as long together: about 1, if the time is
 * in proportion to the length. What takes too little time to be measured is 1 at most.
 * @param work with an input of this length
 */
export async function growth(work: (length: number) => unknown, shortLength: number): Promise<number> {
  const short: number[] = []
  const long: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    short.push(
      await costOf(async () => {
        for (let n = 0; n < LONGER; n++) await work(shortLength)
      }),
    )
    long.push(
      await costOf(async () => {
        await work(LONGER * shortLength)
      }),
    )
  }
  return Math.min(...long) / Math.max(MEASURABLE, Math.min(...short))
}

/** The CPU time of the process in µs. */
async function costOf(run: () => Promise<void>): Promise<number> {
  const before = cpuUsage()
  await run()
  const { user, system } = cpuUsage(before)
  return user + system
}
