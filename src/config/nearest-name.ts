import { editDistance } from './edit-distance.js'

/** Longer names are not compared: the work grows with the square of the length. */
const MAX_LENGTH = 255

/**
 * The name that was probably meant: one that differs in upper and lower case only, otherwise the nearest one within two
 * letters. For a name of four letters, it is one letter: two of four are as different as `PATH` and `AUTH`.
 */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  if (name.length > MAX_LENGTH) return undefined
  const lower = name.toLowerCase()
  let nearest: string | undefined
  let least = 3
  for (const candidate of names) {
    if (candidate.length > MAX_LENGTH || Math.abs(candidate.length - name.length) > 2) continue
    const distance = editDistance(lower, candidate.toLowerCase())
    if (distance >= least || distance > (candidate.length <= 4 ? 1 : 2)) continue
    nearest = candidate
    least = distance
  }
  return nearest
}

/** ` (did you mean "tableName"?)`, or nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const nearest = nearestName(name, names)
  return nearest === undefined ? '' : ` (did you mean ${JSON.stringify(nearest)}?)`
}
