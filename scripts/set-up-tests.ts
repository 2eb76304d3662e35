import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The browser that the tests of the screens drive. */
export const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The same without windows, screens and what belongs to them: it needs two thirds of the processor. */
export const headlessShell = '/usr/bin/chromium-headless-shell'

/** The folder of a PostgreSQL server's programs, if there is one; the newest of Debian's. */
export function postgresqlFolder(): string | undefined {
  const versions = globSync('/usr/lib/postgresql/*/bin').sort((a, b) =>
    b.localeCompare(a, undefined, { numeric: true }),
  )
  const folders = [...versions, ...(process.env.PATH?.split(delimiter) ?? [])]
  return folders.find(folder => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

/** The Python whose libraries Debian packages. */
export const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'

/** Whether a program runs and ends well. */
const works = (program: string, ...args: string[]) =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0

const apt = (...args: string[]) =>
  spawnSync('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status

/** Installs what the tests need from Debian's packages, or says what to install. */
function setUp(): void {
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  const missing = [
    ...(browsers.some(path => existsSync(path)) ? [] : ['chromium']),
    // Where it is not to be had, the whole browser does.
    ...(mayInstall && !existsSync(headlessShell) ? ['chromium-headless-shell'] : []),
    ...(postgresqlFolder() || process.env.TEST_DATABASE_URL ? [] : ['postgresql']),
    // The recipes of docs/api.md.
    ...['curl', 'python3'].filter(name => !works(name, '--version')),
    // Clients of other worlds, which ask the api as programs of others do.
    ...(works('ruby', '-e', 'require "graphlient"') ? [] : ['ruby-graphlient']),
    ...(works(python, '-c', 'import websockets') ? [] : ['python3-websockets']),
  ]
  if (missing.length === 0) return
  const packages = missing.join(' ')
  if (mayInstall) {
    process.stdout.write(`Installing for the tests: ${packages} …\n`)
    // Without this Debian's package starts a server on port 5432; the tests start one of their own.
    const settings = '/etc/postgresql-common/createcluster.d'
    const noServer = join(settings, 'bobarista-tests.conf')
    mkdirSync(settings, { recursive: true })
    writeFileSync(noServer, 'create_main_cluster = false\n')
    apt('update')
    const installed = apt('install', '--yes', '--no-install-recommends', ...missing) === 0
    rmSync(noServer)
    if (installed) return
  }
  process.stderr.write(`The tests need ${packages}. Install it, on Debian: apt-get install ${packages}\n`)
  process.exit(1)
}

if (import.meta.main) setUp()
