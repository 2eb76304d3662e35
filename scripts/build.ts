import { spawn } from 'node:child_process'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = join(root, 'dist/built')
/** Is written when all programs are. */
export const programsBuilt = join(root, 'dist/programs/built')
const code = ['api', 'clients', 'env.ts', 'simulation.ts', 'upgrade.ts']
const sources = [...code, 'package-lock.json', 'scripts/build.ts', 'tsconfig.json']

const binary = (name: string, file: string) =>
  join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file)

/**
 * Compiles the api, whose decorators no runtime reads as they stand, and bundles its programs, the screens and the
 * explorer; everything else runs from its source.
 * @throws Error naming the step that failed
 */
export async function build(): Promise<void> {
  const vite = binary('vite', 'bin/vite.js')
  const screen = (name: string) => run([vite, 'build', '--logLevel', 'warn', `clients/${name}`])
  await Promise.all([
    run([binary('typescript', 'bin/tsc'), '-p', 'api']).then(bundle),
    screen('board').then(() => screen('barista')),
    screen('explorer'),
  ])
  writeFileSync(stamp, '')
}

/**
 * Puts each program and all it loads into a few files: to find, read and link some 1,400 modules takes a start twice as
 * long as it needs. The classes keep their names, after which the ORM names tables.
 */
export async function bundle(): Promise<void> {
  const { rolldown } = await import('rolldown')
  const program = (name: string) => join(root, `dist/api/${name}.js`)
  const bundle = await rolldown({
    input: {
      api: program('main'),
      ...Object.fromEntries(['api-key', 'backup', 'owner'].map(name => [name, program(name)])),
    },
    platform: 'node',
    // Code that was compiled for this machine, and a library that loads only what is used of its five megabytes.
    external: [
      ...['better-sqlite3', 'bufferutil', 'pg-native', 'utf-8-validate', /^twilio\b/],
      // Loaded later: a file of ours may be another one by then, when a command of the owner has built anew.
      'dataloader',
    ],
    logLevel: 'silent',
  })
  await bundle.write({
    dir: join(root, 'dist/programs'),
    chunkFileNames: '[name].js',
    keepNames: true,
    sourcemap: true,
    // Node keeps silent about what is deprecated in libraries, which it knows by the folder they lie in.
    banner: ({ isEntry }) => (isEntry ? 'process.noDeprecation = true' : ''),
  })
  await bundle.close()
  writeFileSync(programsBuilt, '')
}

/** Builds only when a source is newer than what was built of it. */
export async function buildIfNeeded(): Promise<void> {
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (sources.some(source => newest(join(root, source)) > built)) await build()
}

function newest(path: string): number {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(...readdirSync(path).map(name => newest(join(path, name))))
}

function run(command: string[]): Promise<void> {
  const child = spawn(process.execPath, command, { cwd: root, stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      if (code === 0) resolve()
      else reject(new Error(`${command.slice(1).join(' ')} failed`))
    })
  })
}

if (import.meta.main) {
  try {
    await (process.argv.includes('--if-needed') ? buildIfNeeded() : build())
  } catch (error) {
    process.stderr.write(`The build failed: ${(error as Error).message}.\n`)
    process.exit(1)
  }
}
