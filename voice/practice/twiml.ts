import { XMLParser, XMLValidator } from 'fast-xml-parser'

/** Something Twilio reports in its debugger, with its number (www.twilio.com/docs/api/errors). */
export class TwilioError extends Error {
  readonly code: number

  constructor(code: number, sentence: string) {
    super(`${sentence} (Twilio error ${code})`)
    this.code = code
  }
}

export interface Stream {
  url: string
  /** Told when the stream starts, stops or cannot be opened. */
  statusCallback?: string
  /** Come back in the stream's `start`. */
  parameters: Record<string, string>
}

/** What a document tells the telephone network to do, in order. */
export type Verb =
  | { verb: 'Say'; text: string }
  | { verb: 'Pause'; seconds: number }
  | { verb: 'Connect'; action?: string; stream: Stream }
  | { verb: 'Dial'; action?: string; number: string }
  | { verb: 'Redirect'; url: string }
  | { verb: 'Hangup' }

const largestDocument = 64_000
const longestParameter = 500

type Attributes = Record<string, string>
/** As fast-xml-parser keeps order: one key is the element's name, ":@" holds its attributes. */
type Node = Record<string, Node[] | Attributes | string>

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
})

const nameOf = (node: Node): string => Object.keys(node).find(key => key !== ':@') ?? ''
const attributesOf = (node: Node): Attributes => (node[':@'] ?? {}) as Attributes
const childrenOf = (node: Node): Node[] => (node[nameOf(node)] ?? []) as Node[]
const textOf = (node: Node): string =>
  childrenOf(node)
    .map(child => (typeof child['#text'] === 'string' ? child['#text'] : ''))
    .join('')
    .trim()
const elementsOf = (node: Node): Node[] => childrenOf(node).filter(child => nameOf(child) !== '#text')

/**
 * Reads the answer to a webhook as strictly as Twilio does.
 * @throws TwilioError when Twilio would not run it
 */
export async function readTwiml(response: Response): Promise<Verb[]> {
  const body = await response.text()
  if (!response.ok) throw new TwilioError(11200, `The webhook answered ${response.status}, not 200.`)
  if (Buffer.byteLength(body) > largestDocument) {
    throw new TwilioError(11750, 'The document is larger than 64 kB.')
  }
  const type = response.headers.get('content-type') ?? 'nothing'
  if (!/^(?:text|application)\/xml\b/i.test(type)) {
    throw new TwilioError(12300, `The Content-Type is ${type}; TwiML is text/xml.`)
  }
  return parseTwiml(body)
}

/** @throws TwilioError 12100 for what is no XML, 12200 for verbs there are none of */
export function parseTwiml(xml: string): Verb[] {
  const valid = XMLValidator.validate(xml)
  if (valid !== true || /^\s/.test(xml)) {
    throw new TwilioError(
      12100,
      `The document is no XML: ${valid === true ? 'it begins with a blank' : valid.err.msg}.`,
    )
  }
  const roots = (parser.parse(xml) as Node[]).filter(node => !nameOf(node).startsWith('?'))
  const [root] = roots
  if (roots.length !== 1 || !root || nameOf(root) !== 'Response') {
    throw new TwilioError(12100, 'The document has to be one <Response>.')
  }
  return elementsOf(root).map(verbOf)
}

function verbOf(node: Node): Verb {
  const { action, length = '1' } = attributesOf(node)
  switch (nameOf(node)) {
    case 'Say':
      return { verb: 'Say', text: textOf(node) }
    case 'Pause':
      return { verb: 'Pause', seconds: Number(length) }
    case 'Connect':
      return { verb: 'Connect', action, stream: streamOf(elementsOf(node)) }
    case 'Dial':
      return { verb: 'Dial', action, number: numberIn(node) }
    case 'Redirect':
      return { verb: 'Redirect', url: textOf(node) }
    case 'Hangup':
    case 'Reject':
      return { verb: 'Hangup' }
    default:
      throw new TwilioError(12200, `There is no verb <${nameOf(node)}> that this telephone knows.`)
  }
}

function numberIn(node: Node): string {
  const [noun] = elementsOf(node)
  if (noun && nameOf(noun) !== 'Number') {
    throw new TwilioError(12200, `This telephone cannot dial a <${nameOf(noun)}>.`)
  }
  const number = textOf(noun ?? node)
  if (!/^\+?\d{3,15}$/.test(number)) throw new TwilioError(13224, '<Dial> holds no phone number.')
  return number
}

function streamOf(nouns: Node[]): Stream {
  const [noun] = nouns
  if (nouns.length !== 1 || !noun || nameOf(noun) !== 'Stream') {
    throw new TwilioError(12200, 'This telephone knows <Connect> with one <Stream> only.')
  }
  const { url = '', track, statusCallback } = attributesOf(noun)
  checkStreamUrl(url)
  if (track !== undefined && track !== 'inbound_track') {
    throw new TwilioError(31941, `<Connect><Stream> takes inbound_track only, not ${track}.`)
  }
  if (statusCallback !== undefined && !URL.canParse(statusCallback)) {
    throw new TwilioError(12200, 'The statusCallback of <Stream> has to be an absolute address.')
  }
  return { url, statusCallback, parameters: Object.fromEntries(elementsOf(noun).map(parameterOf)) }
}

/** Real Twilio takes wss only; a practice call on one machine has no certificate. */
function checkStreamUrl(url: string): void {
  if (!URL.canParse(url)) throw new TwilioError(31923, 'The url of <Stream> is no absolute address.')
  const { protocol, hostname, search } = new URL(url)
  // A shop that listens on every address of its machine is reached on it by none.
  const local = ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '[::]'].includes(hostname)
  if (protocol !== 'wss:' && !(protocol === 'ws:' && local)) {
    throw new TwilioError(31922, `The url of <Stream> begins with ${protocol}; it has to be wss.`)
  }
  if (search)
    throw new TwilioError(31920, 'The url of <Stream> has a query, which does not work. Use <Parameter>.')
}

function parameterOf(node: Node): [string, string] {
  const { name = '', value } = attributesOf(node)
  if (nameOf(node) !== 'Parameter' || !name || value === undefined) {
    throw new TwilioError(12200, '<Stream> holds <Parameter> with a name and a value only.')
  }
  if (name.length + value.length >= longestParameter) {
    throw new TwilioError(
      12200,
      `The <Parameter> ${name} is too long: name and value stay under 500 characters.`,
    )
  }
  return [name, value]
}
