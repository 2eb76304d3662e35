import { networkInterfaces } from 'node:os'

export interface Opened {
  /** Where the api listens. */
  api: string
  /** Where voice listens. */
  voice: string
  env: NodeJS.ProcessEnv
}

/** What somebody who has just started the shop wants to know. */
export function welcome({ api, voice, env }: Opened): string {
  const shown = reachable(api)
  const agent =
    env.DEEPGRAM_API_KEY || env.DEEPGRAM_URL ? 'Deepgram' : 'practice agent (DEEPGRAM_API_KEY is not set)'
  const texts = env.TWILIO_ACCOUNT_SID ? 'Twilio' : 'not sent, practice (TWILIO_ACCOUNT_SID is not set)'
  return `
BobaRista is open.

  Board        ${shown}/board/
  Console      ${shown}/barista/   staff PIN ${env.STAFF_PIN}
  GraphQL      ${shown}/graphql   open it in a browser to try it
  Phone calls  ${env.PUBLIC_URL || voice}/voice

  Voice agent  ${agent}
  Texts        ${texts}

  npm run call to place an order. Ctrl-C stops everything; orders are kept.

`
}

/** An address another device can open, when we listen on all of them. */
function reachable(url: string): string {
  const { protocol, hostname, port } = new URL(url)
  if (hostname !== '0.0.0.0' && hostname !== '[::]') return url
  const outside = Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')
  return `${protocol}//${outside?.address ?? '127.0.0.1'}:${port}`
}
