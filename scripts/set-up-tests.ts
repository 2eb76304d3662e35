import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** The browser that the tests of the screens drive. */
export const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Installs what the tests need from Debian's packages, or says what to install. */
function setUp(): void {
  if (browsers.some(path => existsSync(path))) return
  const root = process.getuid?.() === 0
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'] }).status
  if (root && existsSync('/usr/bin/apt-get')) {
    process.stdout.write('Installing Chromium for the tests of the screens …\n')
    apt('update')
    if (apt('install', '--yes', '--no-install-recommends', 'chromium') === 0) return
  }
  process.stderr.write('The tests need Chromium. Install it, on Debian: apt-get install chromium\n')
  process.exit(1)
}

if (import.meta.main) setUp()
