import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One code block of a page that is run, with what the page says it prints. */
export interface Recipe {
  /** Line of the page. */
  line: number
  heading: string
  language: 'bash' | 'js' | 'python'
  /** What it is saved as; none for what is typed into a shell. */
  file: string | undefined
  /** Runs in another terminal until the next heading. */
  beside: boolean
  code: string
  /** Undefined when it prints nothing. */
  prints: { language: 'json' | 'text'; text: string } | undefined
}

/**
 * Every code block of a page. "```js follow.mjs &" is a file that goes on running; a block of JSON or text is what the
 * block before it prints.
 * @throws Error naming the line of a block that nobody would run
 */
export function recipesOf(page: string): Recipe[] {
  const recipes: Recipe[] = []
  let heading = ''
  /** The last words before a block. */
  let words = ''
  let fence: { line: number; info: string; code: string[] } | undefined
  let last: Recipe | undefined
  for (const [index, text] of page.split('\n').entries()) {
    const line = index + 1
    if (!fence) {
      if (/^#+ /.test(text)) {
        heading = text.replace(/^#+ /, '')
        last = undefined
      } else if (text.startsWith('```')) fence = { line, info: text.slice(3), code: [] }
      else if (text) words = text
      if (/^ {4,}\S|^ *~~~|^ +```/.test(text))
        throw new Error(`line ${line} is code that is not run: put it in a fence`)
      continue
    }
    if (text !== '```') {
      fence.code.push(text)
      continue
    }
    const [language = '', file, beside] = fence.info.split(' ')
    const code = fence.code.join('\n')
    if (language === 'json' || language === 'text') {
      if (!last || last.prints) throw new Error(`line ${fence.line}: which block prints this?`)
      last.prints = { language, text: code }
    } else if (language === 'bash' || language === 'js' || language === 'python') {
      if (language !== 'bash' && !file) throw new Error(`line ${fence.line}: what is this file called?`)
      if (file && !words.includes(`\`${file}\``))
        throw new Error(`line ${fence.line}: say that it is ${file}`)
      last = { line: fence.line, heading, language, file, beside: beside === '&', code, prints: undefined }
      recipes.push(last)
    } else throw new Error(`line ${fence.line}: nobody runs "${language}"`)
    fence = undefined
  }
  if (fence) throw new Error(`line ${fence.line}: this block does not end`)
  return recipes
}

/** What differs from run to run, and the word that takes its place on both sides. */
const varying: [RegExp, string][] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>'],
  [/\bboba_[0-9A-Za-z]{36}/g, '<key>'],
  [/\bwhsec_[\w+/=]+/g, '<secret>'],
  [/\bCA[0-9a-f]{32}\b/g, '<call>'],
  [/\b[a-z]{2,10}_[0-9a-z]{20,}\b/g, '<id>'],
  [/\bboba_[0-9A-Za-z]{4}\b/g, '<prefix>'],
  [/"\d{1,9}"/g, '"<number>"'],
  [/^id: \d+$/gm, 'id: <cursor>'],
  [/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>'],
  [/\b(order|Order|after) \d+\b/g, '$1 <number>'],
  [/\b[A-Za-z0-9_-]{24,}={0,2}/g, '<cursor>'],
]

/** A text without what differs from run to run. */
export const settled = (text: string) =>
  varying.reduce((rest, [what, word]) => rest.replace(what, word), text)

/** Every answer tells what it has cost, which the page shows once. */
const cost = /,"extensions":\{"cost":\{[^}]*\}\}/g

/** Numbers that depend on the machine and the hour. */
const measured = new Set(['available', 'waitMinutes', 'durationMs', 'interruptions'])

/**
 * Whether something is what the page shows. Ids, times, numbers of orders, cursors and secrets may differ; "…" stands for
 * anything, at the end of a list for what else is in it.
 */
export function fits(shown: { language: string; text: string } | undefined, printed: string): boolean {
  if (!shown) return printed.trim() === ''
  if (shown.language === 'json') {
    try {
      return alike(JSON.parse(shown.text), JSON.parse(printed))
    } catch {
      return false
    }
  }
  const told = shown.text.includes('"extensions"') ? printed : printed.replace(cost, '')
  const parts = settled(shown.text.trim()).split(/\n?…/).map(RegExp.escape)
  return new RegExp(`^${parts.join('[^]*')}$`).test(settled(told.trim()))
}

function alike(shown: unknown, actual: unknown, key = ''): boolean {
  if (shown === '…') return true
  if (typeof shown === 'string' && typeof actual === 'string') {
    return settled(JSON.stringify(shown)) === settled(JSON.stringify(actual))
  }
  if (typeof shown === 'number') return measured.has(key) ? typeof actual === 'number' : shown === actual
  if (Array.isArray(shown)) {
    if (!Array.isArray(actual)) return false
    const open = shown.at(-1) === '…'
    const listed = open ? shown.slice(0, -1) : shown
    return (
      (open ? actual.length >= listed.length : actual.length === listed.length) &&
      listed.every((each, index) => alike(each, actual[index]))
    )
  }
  if (shown === null || typeof shown !== 'object') return shown === actual
  if (actual === null || typeof actual !== 'object' || Array.isArray(actual)) return false
  const { extensions: _, ...rest } = actual as Record<string, unknown>
  const told = 'extensions' in shown ? (actual as object) : rest
  const keys = new Set([...Object.keys(shown), ...Object.keys(told)])
  return [...keys].every(
    name =>
      name in shown &&
      name in told &&
      alike((shown as Record<string, unknown>)[name], (told as Record<string, unknown>)[name], name),
  )
}

export interface Ran {
  code: number
  printed: string
  complained: string
}

/** A recipe that runs beside others. */
export interface GoesOn {
  /** What it has printed so far. */
  printed: () => Promise<string>
  /** Settles when it has ended by itself. */
  ended: () => Promise<Ran>
  stop: () => Promise<void>
}

/** A terminal in which one recipe is run after the other, as somebody does who works through the page. */
export class Terminal {
  readonly #shell: ChildProcess
  readonly #folder: string
  #count = 0

  constructor(folder: string, env: Record<string, string>) {
    this.#folder = folder
    this.#shell = spawn('bash', ['--noprofile', '--norc'], {
      cwd: folder,
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
      // A group of its own, which ends as a whole.
      detached: true,
    })
  }

  /** Runs a recipe to its end, or, when it runs beside others, begins it. */
  async run({ code, file, language, beside }: Recipe): Promise<Ran & { goesOn?: GoesOn }> {
    const nth = String((this.#count += 1))
    const at = (name: string) => join(this.#folder, name)
    if (file) await writeFile(at(file), `${code}\n`)
    const command = { bash: code, js: `node ${file}`, python: `python3 -u ${file}` }[language]
    await writeFile(at(`${nth}.sh`), `${command}${beside ? ' &' : ''}\n`)
    const exit = await this.#type(`. ./${nth}.sh > ${nth}.out 2> ${nth}.err < /dev/null`)
    const read = (stream: string) => readFile(at(`${nth}.${stream}`), 'utf8')
    const ran = { code: exit, printed: await read('out'), complained: await read('err') }
    if (!beside) return ran
    await this.#type(`beside_${nth}=$!`)
    return {
      ...ran,
      goesOn: {
        printed: () => read('out'),
        ended: async () => ({
          code: await this.#type(`wait $beside_${nth}`),
          printed: await read('out'),
          complained: await read('err'),
        }),
        stop: async () =>
          void (await this.#type(`{ kill $beside_${nth}; wait $beside_${nth}; } 2> /dev/null`)),
      },
    }
  }

  /** → its exit code */
  #type(command: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    let heard = ''
    const listen = (chunk: Buffer) => {
      heard += String(chunk)
      const [, code] = /^(\d+)\n$/.exec(heard) ?? []
      if (!code) return
      this.#shell.stdout!.off('data', listen)
      this.#shell.off('exit', ended)
      resolve(Number(code))
    }
    const ended = () => reject(new Error('the shell has ended'))
    this.#shell.stdout!.on('data', listen)
    this.#shell.once('exit', ended)
    this.#shell.stdin!.write(`${command}\necho $?\n`)
    return promise
  }

  /** Ends it, and whatever still runs beside. */
  close(): void {
    this.#shell.stdin!.end()
    if (this.#shell.exitCode === null) process.kill(-this.#shell.pid!)
  }
}
