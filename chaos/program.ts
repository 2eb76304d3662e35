import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Broken, within } from './broken.ts'

/** Longest time from start to ready, in milliseconds. */
const longestStart = 20_000

/** The environment of a program: nothing of this machine but what is given, so that it is everywhere the same. */
export const environment = (env: Record<string, string>) => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  ...env,
})

/** A file of the project. */
export const fileOf = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** One of our processes, which can be killed at any moment and is started again at once. */
export class Program {
  readonly name: string
  /** How often it was killed. */
  deaths = 0
  /** Rejects when it has ended without having been told to. */
  readonly failed: Promise<never>
  readonly #fail: (error: Broken) => void
  readonly #start: () => ChildProcess
  readonly #ended: Promise<void>
  #child!: ChildProcess
  #ready = Promise.withResolvers<void>()
  #up = false
  #told = false
  #stopping = false

  /**
   * @param script of the project
   * @param folder it is started in, and keeps its log in
   */
  constructor(name: string, script: string, folder: string, env: Record<string, string>) {
    this.name = name
    const { promise, reject } = Promise.withResolvers<never>()
    promise.catch(() => undefined)
    this.failed = promise
    this.#fail = reject
    const log = openSync(join(folder, `${name}.log`), 'a')
    this.#start = () =>
      spawn(process.execPath, [fileOf(script)], {
        cwd: folder,
        env: environment(env),
        stdio: ['ignore', log, log, 'ipc'],
      })
    this.#ended = this.#keep()
  }

  /** Waits until it answers. */
  async ready(): Promise<void> {
    await within(longestStart, this.name, Promise.race([this.#ready.promise, this.failed]))
  }

  /** @returns false when it is dead already */
  kill(): boolean {
    if (this.#told) return false
    this.#told = true
    this.deaths += 1
    // Those who wait already go on waiting for the next one.
    if (this.#up) this.#ready = Promise.withResolvers<void>()
    this.#up = false
    this.#child.kill('SIGKILL')
    return true
  }

  /** Lets it finish what it is doing, and waits for it. */
  async stop(): Promise<void> {
    this.#stopping = this.#told = true
    this.#child.kill('SIGTERM')
    await this.#ended
  }

  async #keep(): Promise<void> {
    while (!this.#stopping) {
      this.#told = false
      const child = (this.#child = this.#start())
      child.once('message', () => {
        if (this.#told) return
        this.#up = true
        this.#ready.resolve()
      })
      await once(child, 'exit')
      if (!this.#told) return this.#fail(new Broken(`${this.name} ended by itself`))
    }
  }
}
