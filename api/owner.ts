import { parseArgs } from 'node:util'
import { loadDotEnv, readEnv, StartError } from '../env.ts'
import { Refusal } from './carts/refusal.ts'
import type { Counter } from './owner/command.ts'

// What a command needs is loaded when it runs: a word of help need not wait for the database's libraries.

const help = `What an owner does that has no screen. All of it while the shop is open.

  npm run owner -- menu export FILE            the menu as a file to edit
  npm run owner -- menu import FILE [--yes]    shows what would change, asks, and changes it
  npm run owner -- shop show                   the shop's settings
  npm run owner -- shop set NAME=VALUE …       name phone region currency timezone warnAfterMinutes lateAfterMinutes
  npm run owner -- keys …                      create, list, rotate and revoke keys of programs, and what they have read:
                                               \`keys\` alone says how
  npm run owner -- erase PHONE [--yes]         erases a guest's number, names and words; "-" reads the number
                                               from the standard input, so that it stands in no history
  npm run owner -- sales FROM TO [FILE]        every cup ordered from one day to another (2026-11-01 2026-11-30)
                                               as CSV; without FILE use npm run -s owner -- sales FROM TO > FILE`

type Command = (counter: Counter) => Promise<string>

/** @throws StartError when the command is none of those above */
async function readCommand(): Promise<{ run: Command; yes: boolean } | 'help'> {
  const [, , first, ...others] = process.argv
  // It has options of its own.
  if (first === 'keys') {
    const { keysCommand } = await import('./owner/keys.ts')
    const run = keysCommand(others, 'npm run owner -- keys')
    return { run: ({ em }) => run(em), yes: false }
  }
  const { positionals, values } = read()
  if (values.help || positionals[0] === 'help') return 'help'
  const [topic, ...rest] = positionals
  const name = topic === 'menu' || topic === 'shop' ? `${topic} ${rest.shift() ?? ''}`.trim() : topic
  if (name === undefined) throw new StartError(help)
  const yes = values.yes ?? false
  if (yes && !asking.includes(name)) throw new StartError(`--yes belongs to ${asking.join(' and ')}.`)
  return { run: commandOf(name, rest), yes }
}

/** What asks before it changes anything. */
const asking = ['menu import', 'erase']

function commandOf(name: string, args: string[]): Command {
  const [first = '', second = '', third] = args
  const needs = (least: number, most: number, what: string) => {
    if (args.length < least) throw new StartError(`Say ${what}.\n\n${help}`)
    if (args.length > most) throw new StartError(`"${args[most]}" is too much.\n\n${help}`)
  }
  switch (name) {
    case 'menu export':
      needs(1, 1, 'where to: menu export FILE')
      return async counter => (await import('./owner/menu.ts')).exportMenu(counter, first)
    case 'menu import':
      needs(1, 1, 'which file: menu import FILE')
      return async counter => (await import('./owner/menu.ts')).importMenuFile(counter, first)
    case 'shop show':
      needs(0, 0, '')
      return async counter => (await import('./owner/shop.ts')).showShop(counter)
    case 'shop set':
      needs(1, Infinity, 'what to set: shop set NAME=VALUE')
      return async counter => (await import('./owner/shop.ts')).setShop(counter, args)
    case 'erase':
      // What is too much may be the rest of a number, which is never shown.
      if (args.length !== 1)
        throw new StartError('Say which number, in quotes if it holds blanks: erase PHONE.')
      return async counter => (await import('./owner/erase.ts')).eraseNumber(counter, first)
    case 'sales':
      needs(2, 3, 'from which day to which: sales 2026-11-01 2026-11-30')
      return async counter => (await import('./owner/sales.ts')).exportSales(counter, [first, second, third])
    default:
      throw new StartError(`There is no command "${name}".\n\n${help}`)
  }
}

function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { yes: { type: 'boolean', short: 'y' }, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    throw new StartError(`${(error as Error).message.split('. ')[0]}.\n\n${help}`)
  }
}

/** @throws StartError when there is no database or no shop yet */
async function work({ run, yes }: { run: Command; yes: boolean }): Promise<string> {
  const [{ openDatabase }, { databaseShape }, { EventLog }, { Shop }] = await Promise.all([
    import('./database.ts'),
    import('./env.ts'),
    import('./events/log.ts'),
    import('./shops/shop.entity.ts'),
  ])
  // A mistyped address shall not make another, empty database.
  const orm = await openDatabase(readEnv(databaseShape, process.env).DATABASE_URL, { existing: true })
  try {
    const em = orm.em.fork()
    const [shop] = await em.find(Shop, {}, { orderBy: { createdAt: 'asc', id: 'asc' }, limit: 1 })
    if (!shop)
      throw new StartError('There is no shop in this database yet. `npm start` makes it of the menu file.')
    const terminal = { input: process.stdin, output: process.stdout }
    return await run({ em, log: new EventLog(orm), shop, yes, terminal })
  } finally {
    await orm.close(true)
  }
}

try {
  loadDotEnv()
  const command = await readCommand()
  const said = command === 'help' ? help : await work(command)
  if (said) console.log(said)
} catch (error) {
  if (!(error instanceof StartError || error instanceof Refusal)) throw error
  console.error(error.message)
  process.exitCode = 1
}
