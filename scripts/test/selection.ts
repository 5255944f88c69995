/** Which test files `npm test` runs, and in which order. */
import { readdirSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { packageRoot } from '../../src/package-root.js'

/** The longest files start first, so that the run does not end with one of them. Those that mostly wait stand between the others. */
const LONGEST: readonly string[] = [
  'test/explorer/docs-page.test.ts',
  'test/reliability/retries.test.ts',
  'test/manual/manual.test.ts',
  'test/reliability/transactions.test.ts',
  'test/reliability/memory.test.ts',
  'test/reliability/signals.test.ts',
  'test/reliability/histories.test.ts',
  'test/reliability/streamed-responses.test.ts',
  'test/observability/metrics.test.ts',
  'test/reliability/overload.test.ts',
  'test/reliability/batches.test.ts',
  'test/reliability/imports.test.ts',
  'test/hostile/files.test.ts',
  'test/contract/container.test.ts',
  'test/deploy/nginx.test.ts',
  'test/routes/changes-access.test.ts',
  'test/deploy/haproxy.test.ts',
  'test/storage/client.test.ts',
  'test/deploy/kubernetes.test.ts',
  'test/storage/streams/changes.test.ts',
]

/** Those of them that repeat often what other tests do once. Coverage is not measured in them. */
export const REPETITIVE = LONGEST.filter((name) =>
  /^test\/(?:explorer|manual|observability|reliability)\//.test(name),
)

/**
 * @param paths of test files and folders; without any, all tests
 * @param excluded paths of test files and folders
 * @returns the paths of the test files, relative to the package
 * @throws Error if a path does not exist, or has no tests
 */
export function selectTests(paths: readonly string[], excluded: readonly string[]): readonly string[] {
  const left = new Set(excluded.flatMap(testsIn))
  const chosen = new Set((paths.length === 0 ? ['test'] : paths).flatMap(testsIn))
  const rank = (name: string) => (LONGEST.includes(name) ? LONGEST.indexOf(name) : LONGEST.length)
  return [...chosen].filter((name) => !left.has(name)).sort((one, other) => rank(one) - rank(other))
}

function testsIn(path: string): readonly string[] {
  const absolute = resolve(packageRoot, path)
  const files = statSync(absolute).isDirectory()
    ? readdirSync(absolute, { recursive: true, encoding: 'utf8' }).map((name) => join(absolute, name))
    : [absolute]
  const tests = files
    .map((file) => relative(packageRoot, file))
    .filter((name) => /^test\/.*\.test\.ts$/.test(name))
  if (tests.length === 0) throw new Error(`${path} has no tests`)
  return tests.sort()
}
