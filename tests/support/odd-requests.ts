import type { Asked } from './odd-documents.ts'
import { oddText } from './odd-values.ts'
import type { Random } from './random.ts'

/** One request as it goes over the wire. */
export interface OddRequest {
  method: string
  path: string
  headers: Record<string, string>
  body?: string | Buffer
}

const json = 'application/json'
const answerOf = 'application/graphql-response+json'

/** A document by POST, as a client sends it. */
export function posted(asked: Asked, path = '/graphql'): OddRequest {
  const accept = path === '/graphql' ? answerOf : 'text/event-stream'
  return {
    method: 'POST',
    path,
    headers: { 'content-type': json, accept },
    body: JSON.stringify(asked),
  }
}

/** What Node takes for the head of a request is 16 KiB, odd headers included; a longer one it answers by itself. */
const longestAddress = 6_000

/** A document by GET, as far as it goes into an address. */
export function got(asked: Asked, path = '/graphql'): OddRequest {
  const { query, variables, operationName } = asked
  const parameters = new URLSearchParams({ query, variables: JSON.stringify(variables) })
  if (operationName) parameters.set('operationName', operationName)
  const address = `${path}?${parameters}`
  if (address.length > longestAddress) return posted(asked, path)
  const accept = path === '/graphql' ? answerOf : 'text/event-stream'
  return { method: 'GET', path: address, headers: { accept } }
}

const contentTypes = [
  ...[
    json,
    'APPLICATION/JSON',
    `${json}; charset=utf-8`,
    `${json}; charset=utf-16le`,
    `${json}; charset=latin1`,
  ],
  ...[
    `${json}; charset=nonsense`,
    `${json}, text/plain`,
    'application/graphql+json',
    'text/plain',
    'a/b; c=d',
  ],
  ...[
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
    '',
    '/',
    ';',
  ],
]
const accepts = [
  ...[
    '*/*',
    json,
    answerOf,
    'text/html',
    'text/event-stream',
    'multipart/mixed',
    'image/png',
    '',
    ';q=,',
    'a',
  ],
  ...[`${json};q=0`, `${json}; q=nonsense, ${answerOf}; charset=utf-7`, 'text/*;q=0.1, */json'],
]
const encodings = ['identity', 'gzip', 'deflate', 'br', 'zstd', 'nonsense', 'gzip, gzip', '']
const authorizations = [
  ...[
    'Bearer',
    'Bearer ',
    'Bearer boba_wrong',
    'Basic eDp5',
    'bearer  boba_x y',
    `Bearer boba_${'é'.repeat(36)}`,
  ],
  ...['Bearer boba_0000000000000000000000000000000000000', `Bearer ${'x'.repeat(5_000)}`, 'null', ','],
]
const others: [string, string[]][] = [
  ['cookie', ['bobarista=;;=', 'bobarista_session=%00', `session=${'a'.repeat(3_000)}`, '=', ';']],
  ['last-event-id', ['0', '-1', 'x', '9'.repeat(30), '1e3', '999999']],
  ['origin', ['null', 'https://evil.example', '%%%', 'http://', 'file://']],
  ['host', ['', 'a:b:c', '[', 'evil.example:99999', ' ']],
  ['x-forwarded-for', ['unknown', '::1, 1.2.3.4', '999.1.1.1', ',,,']],
  ['x-request-id', ['../../x', 'x'.repeat(2_000)]],
  ['x-http-method-override', ['DELETE']],
  ['expect', ['100-continue']],
]

/** Puts a few odd headers on a request. */
export function withOddHeaders(request: OddRequest, random: Random): OddRequest {
  const headers = { ...request.headers }
  for (let times = 1 + random.below(2); times > 0; times -= 1) {
    switch (random.below(6)) {
      case 0:
        headers['content-type'] = random.pick(contentTypes)
        break
      case 1:
        headers.accept = random.pick(accepts)
        break
      case 2:
        headers['content-encoding'] = random.pick(encodings)
        break
      case 3:
        headers.authorization = random.pick(authorizations)
        break
      default: {
        const [name, values] = random.pick(others)
        headers[name] = random.pick(values)
      }
    }
  }
  const method = random.chance(20)
    ? random.pick(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'QUERY'])
    : request.method
  return { ...request, method, headers }
}

const asked = '"query":"{ __typename }"'

/** Bodies that are no request, or one that no library would write. */
const oddBodies: ((random: Random) => string | Buffer)[] = [
  random =>
    random.pick(['', ' ', '{', '}', 'null', 'true', '0', '"x"', '[]', '{}', '{{}}', '{"query"}', '\0']),
  () => `[{${asked}}]`,
  () => `[${Array.from({ length: 200 }, () => `{${asked}}`).join(',')}]`,
  random =>
    `{"query":${random.pick(['1', 'null', 'true', '[]', '{}', '["{ __typename }"]', '"\\ud800"', '"\\u0000"'])}}`,
  () => `{${asked},"query":"{ menu { maxDrinks } }"}`,
  () => `{"__proto__":{${asked}},"constructor":{"prototype":{${asked}}}}`,
  random =>
    `{${asked},"variables":${random.pick(['[]', '"x"', '1', 'true', '"{}"', '[[]]', '{"__proto__":{"a":1}}'])}}`,
  random => `{${asked},"operationName":${random.pick(['1', '[]', '{}', '"__proto__"', '""', 'true'])}}`,
  random =>
    `{${asked},"extensions":${random.pick(['1', '[]', '"x"', '{"persistedQuery":{"version":1,"sha256Hash":"x"}}', '{"persistedQuery":1}', '{"http":{"status":500}}'])}}`,
  random =>
    `{"query":"query ($n: Int!) { orders(first: $n) { nodes { id } } }","variables":{"n":${random.pick(['1e999', '-1e999', '1e-999', '9'.repeat(400), '-0', '1E1', '0.0'])}}}`,
  () => `{"query":"query ($id: ID!) { node(id: $id) { id } }","variables":{"id":"a","id":{"toString":1}}}`,
  () =>
    `{"query":"query ($id: ID!) { node(id: $id) { id } }","variables":{"id":{"toString":1,"valueOf":1,"toJSON":1}}}`,
  () => `\ufeff{${asked}}`,
  () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
  () =>
    Buffer.concat([
      Buffer.from('{"query":"{ order(number: \\"'),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from('\\") { id } }"}'),
    ]),
  random => `${'['.repeat(random.pick([1_000, 45_000]))}`,
  () => `{${asked},"variables":{"a":${'['.repeat(40_000)}${']'.repeat(40_000)}}}`,
  () =>
    `{"query":"query ($n: String) { order(number: $n) { id } }","variables":{"n":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}}}`,
  () => `{${asked},"variables":{${Array.from({ length: 5_000 }, (_, i) => `"k${i}":${i}`).join(',')}}}`,
  // What is cheap to send and dear to read: errors by the thousand, expressions that look back, fields compared in pairs.
  random =>
    `{"query":"mutation ($d: [DrinkInput!]!) { placeOrder(input: { drinks: $d, phone: \\"555-123-4567\\" }, idempotencyKey: \\"z\\") { __typename } }","variables":{"d":[${Array.from({ length: 20_000 }, () => random.pick(['1', '{}', 'null'])).join(',')}]}}`,
  () => `{"query":"${'subscription'.repeat(8_000)}"}`,
  () => `{"query":"${'subscription @'.repeat(6_000)}"}`,
  random => `{"query":"{ menu { shop { ${'id '.repeat(random.pick([90, 300, 980]))} } } }"}`,
  () =>
    `{"query":"{ menu { shop { ...A ...B ...C } } } ${['A', 'B', 'C'].map(name => `fragment ${name} on Shop { ${'id name '.repeat(150)} }`).join(' ')}"}`,
  () => `{"query":"${'#'.repeat(150_000)}"}`,
  () => `{"query":"{ ${'a'.repeat(80_000)} }"}`,
  () => `{"query":"{ order(number: \\"${'🧋'.repeat(20_000)}\\") { id } }"}`,
  random => `{"query":${JSON.stringify(oddText(random))}}`,
]

/** A POST whose body is odd. */
export function withOddBody(random: Random, path = '/graphql'): OddRequest {
  const accept = path === '/graphql' ? answerOf : 'text/event-stream'
  const headers = { 'content-type': json, accept }
  return { method: 'POST', path, headers, body: random.pick(oddBodies)(random) }
}

const addresses = [
  ...[
    '',
    '?',
    '?query',
    '?query=',
    '?query=%E0%A4%A',
    '?query[]=a',
    '?query=a&query=b',
    '?variables=%7B',
    '?=&=&&',
  ],
  ...[
    '?query={__typename}&variables=[]',
    '?query={__typename}&variables=%22x%22',
    '?query={__typename}&extensions=1',
  ],
  ...[
    '?query=mutation{signOut}',
    '?query=subscription{liveCalls{at}}',
    `?query=${'a'.repeat(6_000)}`,
    '?__proto__=1',
  ],
  ...['?query={__typename}&operationName=__proto__', '?query={__typename}&variables={%22__proto__%22:1}'],
]

/** A GET whose address is odd. */
export function withOddAddress(random: Random, path = '/graphql'): OddRequest {
  const accept = random.pick([answerOf, json, 'text/event-stream'])
  return { method: 'GET', path: path + random.pick(addresses), headers: { accept } }
}

/** Messages that no client of the protocol sends, by the kind of frame they go in. */
const oddMessages: ((random: Random) => string | Buffer)[] = [
  random =>
    random.pick(['', '{', 'null', '1', '"x"', '[]', '{}', '{"type":1}', '{"type":"nope"}', '{"id":1}']),
  random =>
    `{"id":"${random.below(4)}","type":"${random.pick(['next', 'error', 'connection_ack', 'start'])}"}`,
  () => '{"id":"x","type":"subscribe"}',
  random =>
    `{"id":"x","type":"subscribe","payload":${random.pick(['null', '1', '[]', '{}', '{"query":1}', '{"query":null}'])}}`,
  random =>
    `{"id":"x","type":"subscribe","payload":{${asked},"variables":${random.pick(['[]', '1', '"x"'])}}}`,
  random => `{"id":"x","type":"subscribe","payload":{${asked},"operationName":${random.pick(['1', '{}'])}}}`,
  random => `{"id":"x","type":"subscribe","payload":{${asked},"extensions":${random.pick(['1', '[]'])}}}`,
  random =>
    `{"id":${random.pick(['""', '1', 'null', '[]', '"__proto__"', '"constructor"'])},"type":"subscribe","payload":{${asked}}}`,
  random => `{"id":"${random.pick(['none', '__proto__', 'toString'])}","type":"complete"}`,
  random =>
    `{"type":"${random.pick(['ping', 'pong'])}","payload":${random.pick(['null', '1', '{"a":[]}', '"x"'])}}`,
  random => `{"type":"connection_init","payload":${random.pick(['null', '{}', '1'])}}`,
  () => Buffer.from('{"type":"ping"}'),
  () => Buffer.from([0xff, 0x00, 0x80]),
  () => `{"type":"ping","payload":{"a":"${'x'.repeat(150_000)}"}}`,
  () => `${'['.repeat(50_000)}`,
]

/** One message of the odd kind. */
export function oddMessage(random: Random): string | Buffer {
  return random.pick(oddMessages)(random)
}

/** What a connection may begin with instead of its key. */
export const oddGreetings = [
  ...[
    'null',
    '[]',
    '1',
    '"x"',
    '{}',
    '{"authorization":null}',
    '{"authorization":1}',
    '{"authorization":["Bearer"]}',
  ],
  ...['{"authorization":""}', '{"authorization":"Bearer boba_wrong"}', '{"__proto__":{"authorization":"x"}}'],
]

/** Bytes that are no frame: unmasked, of no known kind, longer than there are bytes in the world. */
export const brokenFrames = [
  Buffer.from([0x81, 0x02, 0x7b, 0x7d]),
  Buffer.from([0x8f, 0x80, 0, 0, 0, 0]),
  Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
  Buffer.from([0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0]),
  Buffer.from([0xc1, 0x80, 0, 0, 0, 0]),
  Buffer.from([0x80, 0x80, 0, 0, 0, 0]),
]
