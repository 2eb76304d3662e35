import { execFile } from 'node:child_process'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery } from 'graphql'
import { environment, type Program, root, startProgram } from '../../bench/program.ts'
import { type Fuzzed, fuzz, type FuzzOptions, type FuzzViewer } from './fuzzer.ts'

/** The built api in a process of its own, with those who shall ask it. */
export interface FuzzedShop extends Pick<Program, 'measure'> {
  /** Sends so many odd documents. */
  fuzz(options: Pick<FuzzOptions, 'seed' | 'documents'>): Promise<Fuzzed>
  url: string
  /** Names of all root fields. */
  rootFields: string[]
  /** Asks as somebody who may do everything. */
  ask<Data>(query: string, variables?: object): Promise<Data>
  /** → what it has written to its log */
  stop(): Promise<string>
}

/** A guest of whom only those may know who may see guests. */
export const guest = { name: 'Wilhelmina Teasdale', phone: '+15558675309' }

const pin = '482913'
const scopes =
  'menu:read menu:write orders:read orders:write orders:pii calls:read calls:write webhooks:write keys:write'

/**
 * @param database `DATABASE_URL`; SQLite in a file of its own if omitted
 * @param core to run on; any if omitted
 */
export async function startFuzzedShop({
  database,
  rateLimitFactor = 1_000,
  core,
}: { database?: string; rateLimitFactor?: number; core?: number } = {}): Promise<FuzzedShop> {
  const folder = await mkdtemp(join(tmpdir(), 'boba-fuzz-'))
  const DATABASE_URL = database?.replace('sqlite::memory:', '') || `sqlite:${join(folder, 'shop.db')}`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['dist/programs/api-key.js', 'create', 'All', '--scope', scopes.replaceAll(' ', ',')],
    { cwd: root, env: environment({ DATABASE_URL }) },
  )
  const [all] = stdout.split('\n')
  const log = await open(join(folder, 'log'), 'a+')
  const { url, measure, stop } = await startProgram('dist/programs/api.js', {
    ...(core !== undefined && { core }),
    gc: true,
    log: log.fd,
    env: {
      DATABASE_URL,
      STAFF_PIN: pin,
      LOG_LEVEL: 'warn',
      RATE_LIMIT_FACTOR: String(rateLimitFactor),
      WEBHOOK_KEY: 'a key of the fuzzer, from which signing secrets are made',
      WEBHOOK_ALLOW_PRIVATE: 'true',
      // Nobody listens there.
      VOICE_URL: 'http://127.0.0.1:9',
    },
  })

  async function answer(query: string, variables: object = {}): Promise<Response> {
    return fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${all}` },
      body: JSON.stringify({ query, variables }),
    })
  }
  async function ask<Data>(query: string, variables?: object): Promise<Data> {
    const { data, errors } = (await (await answer(query, variables)).json()) as {
      data: Data
      errors?: object[]
    }
    if (errors) throw new Error(`the shop cannot be asked any more: ${JSON.stringify(errors)}`)
    return data
  }

  const schema = buildClientSchema(await ask<IntrospectionQuery>(getIntrospectionQuery()))
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  const { few, keys } = await prepare(ask)
  const signedIn = await answer('mutation ($pin: String!) { signIn(pin: $pin) { __typename } }', { pin })
  const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!
  const everything: FuzzViewer = { name: 'All', headers: { authorization: `Bearer ${all}` }, pii: true }
  const viewers: FuzzViewer[] = [
    { name: 'Anyone', headers: {}, pii: false },
    // Others are shown the door too often to go far.
    ...[everything, everything, everything],
    { name: 'Few', headers: { authorization: `Bearer ${few}` }, pii: false },
    { name: 'Staff', headers: { cookie }, pii: true, without: ['signOut', 'signIn'] },
  ]
  // The last two are those of the guests that come by chance.
  const personal = [guest.name, guest.phone.slice(2), '+15551234567', '+15551230000']
  return {
    url,
    measure,
    ask,
    rootFields: roots.flatMap(root => Object.keys(root!.getFields())),
    fuzz: ({ seed, documents }) => fuzz({ url, schema, seed, documents, viewers, personal, spared: keys }),
    stop: async () => {
      await stop()
      await log.close()
      const written = await readFile(join(folder, 'log'), 'utf8')
      await rm(folder, { recursive: true })
      return written
    },
  }
}

/** A key that may do little, and something to be found. */
async function prepare(ask: FuzzedShop['ask']): Promise<{ few: string; keys: string[] }> {
  const { made } = await ask<{ made: { key: string } }>(
    'mutation ($input: CreateApiKeyInput!) { made: createApiKey(input: $input) { ... on ApiKeyIssued { key } } }',
    { input: { name: 'Few', scopes: ['orders:read', 'menu:read'] } },
  )
  const { apiKeys } = await ask<{ apiKeys: { nodes: { id: string }[] } }>(
    '{ apiKeys(first: 100) { nodes { id } } }',
  )
  await ask(
    'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input, idempotencyKey: "first") { __typename } }',
    { input: { drinks: [{ flavor: 'taro milk tea', toppings: ['boba'] }], ...guest } },
  )
  return { few: made.key, keys: apiKeys.nodes.map(({ id }) => id) }
}
