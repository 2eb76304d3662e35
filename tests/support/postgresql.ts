import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestProject } from 'vitest/node'
import { postgresqlFolder } from '../../scripts/set-up-tests.ts'
import { freePort } from './free-port.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A PostgreSQL server on which databases may be made. */
    postgresql: string
  }
}

/** The server that TEST_DATABASE_URL names, or one of its own for as long as the tests run. */
export default async function setUp(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.TEST_DATABASE_URL
  if (given) return void project.provide('postgresql', given)
  const { url, stop } = await startPostgresql()
  project.provide('postgresql', url)
  return stop
}

/**
 * A PostgreSQL server in a folder of its own, on a free port of 127.0.0.1.
 * @param durable whether commits wait for the disk: tests need no more than that they are seen
 */
export async function startPostgresql({ durable = false } = {}): Promise<{
  url: string
  stop: () => Promise<void>
}> {
  const programs = postgresqlFolder()
  if (!programs) throw new Error('There is no PostgreSQL. Install it, on Debian: apt-get install postgresql')
  const folder = await mkdtemp(join(tmpdir(), 'boba-postgresql-'))
  const data = join(folder, 'data')
  // PostgreSQL refuses to run as root.
  const root = process.getuid?.() === 0
  if (root) await chmod(folder, 0o777)
  const commandOf = (program: string, args: string[]): [string, string[]] => {
    const path = join(programs, program)
    const asPostgres = ['--reuid=postgres', '--regid=postgres', '--clear-groups', path, ...args]
    return root ? ['setpriv', asPostgres] : [path, args]
  }
  const initdb = ['--pgdata', data, '--username=boba', '--auth=trust', '--no-sync', '--encoding=UTF8']
  execFileSync(...commandOf('initdb', [...initdb, '--locale=C']), { stdio: ['ignore', 'ignore', 'pipe'] })

  // PostgreSQL cannot take a free port by itself.
  const port = await freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: folder,
    max_connections: 300,
    ...(!durable && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(...commandOf('postgres', ['-D', data, ...options]), {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(server, 'exit')
  const said: string[] = []
  const lines = createInterface(server.stderr)
  await new Promise<void>((resolve, reject) => {
    lines.on('line', line => {
      said.push(line)
      if (line.includes('ready to accept connections')) resolve()
    })
    void ended.then(() => reject(new Error(`PostgreSQL did not start: ${said.join('\n')}`)))
  })
  lines.removeAllListeners('line')
  return {
    url: `postgres://boba@127.0.0.1:${port}/postgres`,
    stop: async () => {
      // "Fast shutdown": connections that are left do not hold it up.
      server.kill('SIGINT')
      await ended
      await rm(folder, { recursive: true })
    },
  }
}
