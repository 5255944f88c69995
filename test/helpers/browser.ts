/** A real browser: headless Chromium from the PATH. */
import { type Browser, chromium } from 'playwright-core'
import type { Test } from 'tap'
import { findExecutable } from './executable.js'

const executablePath = findExecutable('chromium', 'chromium-browser', 'google-chrome')

const missing =
  executablePath === undefined
    ? 'There is no Chromium in the PATH (Debian: apt-get install chromium)'
    : undefined
if (missing !== undefined) {
  if (process.env['CI'] === 'true') throw new Error(missing)
  process.stderr.write(`\n*** ${missing}\n*** The tests that need a browser are skipped.\n\n`)
}

/** Options for tests that need a browser. Without one they are skipped; in CI that is a failure. */
export const needsBrowser = { skip: missing ?? false }

/**
 * Starts Chromium with an empty profile; it stops with the test.
 * @param hosts names that resolve to 127.0.0.1
 */
export async function startBrowser(t: Test, hosts: readonly string[] = []): Promise<Browser> {
  const browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=${hosts.map((host) => `MAP ${host} 127.0.0.1`).join(', ')}`,
    ],
  })
  t.teardown(() => browser.close())
  return browser
}
