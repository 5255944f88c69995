/** A real browser: headless Chromium from the PATH. */
import { type Browser, chromium } from 'playwright-core'
import type { Test } from 'tap'
import { needsProgram } from './executable.js'

const chrome = needsProgram('Chromium', 'chromium', 'chromium', 'chromium-browser', 'google-chrome')

/** Options for tests that need a browser. Without one they are skipped; in CI that is a failure. */
export const needsBrowser = chrome.options

/**
 * Starts Chromium with an empty profile; it stops with the test.
 * @param hosts names that resolve to 127.0.0.1
 */
export async function startBrowser(t: Test, hosts: readonly string[] = []): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: chrome.path,
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
