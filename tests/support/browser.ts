import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'
import { browsers, headlessShell } from '../../scripts/set-up-tests.ts'

/**
 * Headless Chromium of the machine, which talks to nobody but us.
 * @param withScreen whether it has one that can be kept on
 */
export function startBrowser({ withScreen = false } = {}): Promise<Browser> {
  const executablePath = [...(withScreen ? [] : [headlessShell]), ...browsers].find(path => existsSync(path))
  if (!executablePath)
    throw new Error('There is no Chromium. Install it, on Debian: apt-get install chromium')
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
