import { readFileSync } from 'node:fs'
import { buildSchema, parse, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Api, ApiAway } from '../../voice/api.ts'
import * as documents from '../../voice/documents.ts'
import { readArguments } from '../../voice/functions/arguments.ts'
import { readFunctions, toolsOf } from '../../voice/functions/functions.ts'
import { runFunction } from '../../voice/functions/run-function.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { newCallSid } from '../support/caller.ts'

const functions = readFunctions()
const named = (name: string) => functions.find(each => each.name === name)!

describe('documents', () => {
  const schema = buildSchema(readFileSync('schema.graphql', 'utf8'))

  test.each([
    ...functions.map(({ name, document }) => [name, document] as const),
    ...Object.entries(documents as Record<string, string>),
  ])('%s fits the contract', (_name, document) => {
    expect(validate(schema, parse(document)).map(String)).toEqual([])
  })

  test('there is one for every agent function', () => {
    expect(functions.map(({ name }) => name)).toEqual([
      'add_to_cart',
      'checkout_order',
      'clear_pending_item',
      'confirm_pending_to_cart',
      'end_call',
      'extract_phone_and_order',
      'get_cart',
      'menu_summary',
      'modify_cart_item',
      'order_is_placed',
      'order_status',
      'remove_from_cart',
      'save_phone_number',
      'set_sweetness_ice',
      'transfer_to_staff',
      'update_pending_item',
    ])
  })

  test('what is sent to the api holds no words for the model', () => {
    for (const { document } of functions) expect(document).not.toContain('"')
  })
})

describe('arguments of a model', () => {
  const add = named('add_to_cart')
  const remove = named('remove_from_cart')

  test.each([
    ['text for a list', { flavor: 'taro', toppings: 'boba' }, { flavor: 'taro', toppings: ['boba'] }],
    [
      'several in one text',
      { flavor: 'taro', toppings: 'boba, egg pudding and cream' },
      { flavor: 'taro', toppings: ['boba', 'egg pudding', 'cream'] },
    ],
    ['a number for text', { flavor: 'taro', sweetness: 50 }, { flavor: 'taro', sweetness: '50' }],
    ['a list for text', { flavor: ['taro'] }, { flavor: 'taro' }],
    ['nulls', { flavor: 'taro', toppings: null, ice: null }, { flavor: 'taro' }],
    [
      'nulls in a list',
      { flavor: 'taro', toppings: ['boba', null, ''] },
      { flavor: 'taro', toppings: ['boba'] },
    ],
    ['an empty list', { flavor: 'taro', toppings: [] }, { flavor: 'taro', toppings: [] }],
    [
      'other spellings of a name',
      { Flavor: 'taro', addOns: ['matcha'] },
      { flavor: 'taro', addons: ['matcha'] },
    ],
    ['unknown names for nothing', { flavor: 'taro', size: null }, { flavor: 'taro' }],
  ])('%s', (_what, args, read) => {
    expect(readArguments(add, JSON.stringify(args))).toEqual(read)
  })

  test('a whole number as text', () => {
    expect(readArguments(remove, '{"index":"1"}')).toEqual({ index: 1 })
  })

  test('anything for a function that takes nothing', () => {
    expect(readArguments(named('get_cart'), '{"dummy":"x"}')).toEqual({})
    expect(readArguments(named('get_cart'), '')).toEqual({})
    expect(readArguments(named('get_cart'), 'null')).toEqual({})
  })

  test.each([
    ['no JSON', add, '{flavor: taro', /no JSON/],
    ['a list', add, '["taro"]', /JSON object/],
    ['an unknown name', add, '{"flavor":"taro","size":"large"}', /takes no "size".*flavor, toppings/],
    ['a missing one', add, '{}', /needs flavor/],
    ['a missing one given as null', add, '{"flavor":null}', /needs flavor/],
    ['an object for text', add, '{"flavor":{"name":"taro"}}', /flavor has to be text/],
    ['a fraction for an index', remove, '{"index":0.5}', /whole number/],
    ['words for an index', remove, '{"index":"first"}', /whole number/],
    ['a number beyond GraphQL', remove, '{"index":3000000000}', /whole number/],
  ])('refuses %s with a sentence', (_what, asked, text, sentence) => {
    expect(() => readArguments(asked, text)).toThrow(sentence)
  })
})

describe('with the api', () => {
  let api: TestApi
  let asking: Api
  beforeAll(async () => {
    api = await startApi()
    asking = new Api({ url: api.url, key: await api.key('calls:write') })
  })
  afterAll(() => api.close())

  const { signal } = new AbortController()
  let requests = 0
  const call = async () => {
    const { call } = await asking.ask<{ call: documents.StartedCall }>(documents.startCall, {
      input: { callSid: newCallSid(), from: '+15550004567' },
    })
    const ask = async (name: string, args: unknown = {}) => {
      const asked = { id: `r${(requests += 1)}`, name, arguments: JSON.stringify(args), client_side: true }
      const { content, intent } = await runFunction(functions, asking, call.id, asked, {
        within: 5_000,
        signal,
      })
      return { ...(JSON.parse(content) as Record<string, unknown>), ...(intent && { intent }) }
    }
    return { call, ask }
  }

  test('tools carry the live menu and tell effects from looks', async () => {
    const { call: started } = await call()
    const tools = toolsOf(functions, started.menu)
    expect(tools.find(({ name }) => name === 'add_to_cart')).toEqual({
      name: 'add_to_cart',
      description: expect.stringContaining('NOT in the cart'),
      parameters: {
        type: 'object',
        properties: {
          flavor: {
            type: 'string',
            description: 'The base drink',
            enum: ['taro milk tea', 'black milk tea'],
          },
          toppings: {
            type: 'array',
            description: 'Toppings, none if omitted',
            items: { type: 'string', enum: ['boba', 'egg pudding', 'crystal agar boba', 'vanilla cream'] },
          },
          addons: {
            type: 'array',
            description: expect.any(String),
            items: { type: 'string', enum: ['matcha stencil on top'] },
          },
          sweetness: {
            type: 'string',
            description: expect.any(String),
            enum: ['0%', '25%', '50%', '75%', '100%'],
          },
          ice: {
            type: 'string',
            description: expect.any(String),
            enum: ['no ice', 'less ice', 'regular ice', 'extra ice'],
          },
        },
        required: ['flavor'],
      },
      defer_until_eot: true,
    })
    expect(tools.filter(tool => !tool.defer_until_eot).map(({ name }) => name)).toEqual([
      'extract_phone_and_order',
      'get_cart',
      'menu_summary',
      'order_is_placed',
      'order_status',
    ])
  })

  test('a whole order, function by function, with the keys a model is told of', async () => {
    const { ask } = await call()
    expect(await ask('menu_summary')).toMatchObject({
      ok: true,
      summary: expect.any(String),
      prices: expect.any(String),
    })
    expect(await ask('confirm_pending_to_cart')).toMatchObject({
      ok: false,
      error: 'No pending drink to confirm.',
    })
    expect(await ask('add_to_cart', { flavor: 'taro', toppings: 'tapioca', sweetness: 75 })).toEqual({
      ok: true,
      staged: true,
      summary: 'one taro milk tea with boba, 75% sweet, regular ice',
      pending_item: {
        flavor: 'taro milk tea',
        toppings: ['boba'],
        addons: [],
        sweetness: '75%',
        ice: 'regular ice',
        price: { amount: '6.25', currency: 'USD' },
        summary: 'one taro milk tea with boba, 75% sweet, regular ice',
      },
    })
    expect(await ask('update_pending_item', { ice: 'less' })).toMatchObject({
      ok: true,
      staged: true,
      pending_item: { toppings: ['boba'], ice: 'less ice' },
    })
    expect(await ask('confirm_pending_to_cart')).toMatchObject({
      ok: true,
      cart_count: 1,
      cart_total: { amount: '6.25' },
      item: { summary: expect.stringContaining('taro') },
    })
    await ask('add_to_cart', { flavor: 'black' })
    expect(await ask('clear_pending_item')).toEqual({ ok: true, cleared: true })
    await ask('add_to_cart', { flavor: 'black' })
    await ask('confirm_pending_to_cart')
    expect(await ask('set_sweetness_ice', { sweetness: '0', ice: 'none' })).toMatchObject({
      ok: true,
      item: { summary: 'one black milk tea, 0% sweet, no ice' },
    })
    expect(
      await ask('modify_cart_item', { index: 0, toppings: ['cream'], addons: ['matcha'] }),
    ).toMatchObject({
      ok: true,
      cart_total: { amount: '12.25' },
    })
    expect(await ask('remove_from_cart', { index: 9 })).toMatchObject({
      ok: false,
      error: expect.stringContaining('2'),
    })
    expect(await ask('get_cart')).toMatchObject({ ok: true, cart_count: 2, cart_total: { amount: '12.25' } })
    expect(await ask('remove_from_cart', { index: 1 })).toMatchObject({
      ok: true,
      cart_count: 1,
      removed: {},
    })
    expect(await ask('order_is_placed')).toEqual({ ok: true, placed: false })
    expect(await ask('checkout_order')).toMatchObject({ ok: false, error: expect.stringContaining('phone') })
    expect(await ask('save_phone_number', { phone: '123' })).toMatchObject({
      ok: false,
      error: expect.any(String),
    })
    expect(await ask('save_phone_number', { phone: '555-123-4567' })).toEqual({
      ok: true,
      phone: '+15551234567',
    })
    const placed = await ask('checkout_order')
    expect(placed).toMatchObject({
      ok: true,
      order_number: expect.stringMatching(/^\d{4}$/),
      items: [{ summary: expect.stringContaining('matcha') }],
      total: { amount: '6.75' },
      phone: '+15551234567',
      status: 'RECEIVED',
    })
    const { order_number } = placed as unknown as { order_number: string }
    expect(await ask('order_is_placed')).toEqual({ ok: true, placed: true, order_number })
    expect(await ask('order_status', { order_number })).toMatchObject({ found: true, status: 'RECEIVED' })
    expect(await ask('extract_phone_and_order', { text: `order ${order_number}, 555 123 4567` })).toEqual({
      ok: true,
      phone: '+15551234567',
      order_number,
    })
    expect(await ask('transfer_to_staff')).toEqual({ ok: true, intent: 'TRANSFER' })
    expect(await ask('end_call')).toEqual({ ok: true, intent: 'GOODBYE' })
  })

  test('an unknown function is answered with the ones there are', async () => {
    const { ask } = await call()
    expect(await ask('make_coffee')).toMatchObject({
      ok: false,
      error: expect.stringContaining('add_to_cart'),
    })
  })

  test('an api that is away is answered with a sentence', async () => {
    const away = new Api({ url: 'http://127.0.0.1:9', key: 'boba_x' })
    const asked = { id: 'r', name: 'get_cart', arguments: '{}', client_side: true }
    const { content } = await runFunction(functions, away, 'CA1', asked, { within: 200, signal })
    expect(JSON.parse(content)).toMatchObject({
      ok: false,
      error: expect.stringContaining('transfer_to_staff'),
    })
  })

  test('a database that is away for a moment is waited for, and one that stays away is told', async () => {
    let away = 0
    const ill = await startApi({
      onQuery: () => {
        if (away-- > 0) throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' })
      },
    })
    try {
      const asking = new Api({ url: ill.url, key: await ill.key('calls:write') })
      const input = { callSid: newCallSid() }
      away = 2
      const { call } = await asking.ask<{ call: documents.StartedCall }>(documents.startCall, { input })
      expect(call.id).toBe(input.callSid)
      away = Infinity
      await expect(asking.ask(documents.startCall, { input }, { within: 500 })).rejects.toThrow(ApiAway)
      away = 0
    } finally {
      await ill.close()
    }
  })
})
