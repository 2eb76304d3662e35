import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadDotEnv } from '../../env.ts'
import { dial, type DialOptions, type Phone } from './phone.ts'
import { playScript, readScript, ScriptFailed } from './script.ts'
import { talk, Transcript } from './terminal.ts'
import { TwilioError } from './twiml.ts'

const usage = `npm run call                     a telephone in the terminal
npm run call -- --script FILE    plays a call: a line is said, "> words" waits for words

  --script FILE   a call script, such as calls/taro-with-boba.txt
  --url ADDRESS   where voice listens (http://127.0.0.1:VOICE_PORT)
  --from NUMBER   the number you call from (+15557654321)
`

/** Something that went wrong, in a sentence for the person at the terminal. */
class CallFailed extends Error {}

async function place(options: DialOptions): Promise<Phone> {
  try {
    return await dial(options)
  } catch (error) {
    if (!(error instanceof TwilioError)) {
      throw new CallFailed(`Nothing answers at ${options.voiceUrl}. Start it with npm start.`)
    }
    const hint = error.message.includes('403')
      ? ' The signature was refused: TWILIO_AUTH_TOKEN and PUBLIC_URL have to be those voice was started with.'
      : ''
    throw new CallFailed(`The call was not answered. ${error.message}.${hint}`)
  }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new CallFailed(`The script ${path} cannot be read.`)
  }
}

async function call(): Promise<void> {
  const { script, url, from, help } = readArguments()
  if (help) return void process.stdout.write(usage)
  loadDotEnv()
  const { VOICE_PORT, TWILIO_AUTH_TOKEN, PUBLIC_URL } = process.env
  const lines = script === undefined ? undefined : readScript(readFile(script))
  const phone = await place({
    voiceUrl: url ?? `http://127.0.0.1:${VOICE_PORT || 5000}`,
    authToken: TWILIO_AUTH_TOKEN,
    publicUrl: PUBLIC_URL || undefined,
    from,
  })
  process.once('SIGINT', () => phone.close())
  if (!lines) return talk(phone, process.stdin, process.stdout)

  const transcript = new Transcript(process.stdout)
  transcript.follow(phone)
  const number = await playScript(phone, lines, text => transcript.caller(text))
  transcript.note(`The order number is ${number}.`)
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        script: { type: 'string' },
        url: { type: 'string' },
        from: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.url !== undefined && !/^https?:/.test(values.url)) {
      throw new Error(`${values.url} is no http address.`)
    }
    return values
  } catch (error) {
    throw new CallFailed(`${(error as Error).message}\n\n${usage}`)
  }
}

try {
  await call()
} catch (error) {
  if (!(error instanceof CallFailed || error instanceof ScriptFailed)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
