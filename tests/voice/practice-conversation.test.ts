import { describe, expect, test } from 'vitest'
import { type Answer, readAnswer } from '../../voice/practice/answers.ts'
import { phoneAloud, refusalAloud } from '../../voice/practice/aloud.ts'
import { Conversation } from '../../voice/practice/conversation.ts'
import type { Brief, Turn } from '../../voice/practice/memory.ts'

const names = {
  flavor: ['taro milk tea', 'black milk tea'],
  toppings: ['boba', 'egg pudding', 'crystal agar boba', 'vanilla cream'],
  addons: ['matcha stencil on top'],
}
const listOf = (values: string[]) => ({ type: 'array', items: { type: 'string', enum: values } })

/** What Settings tell of the shop. */
const brief: Brief = {
  functions: [
    {
      name: 'add_to_cart',
      parameters: {
        type: 'object',
        properties: {
          flavor: { type: 'string', enum: names.flavor },
          toppings: listOf(names.toppings),
          addons: listOf(names.addons),
        },
      },
    },
  ],
  prompt: `Flavors:
- taro milk tea, 5.50 USD (also called taro, taro tea, taro boba)
- black milk tea, 5.50 USD (also called black tea, black, milk tea)
Toppings:
- boba, 0.75 USD (also called tapioca, pearl)
- egg pudding, 0.75 USD (also called pudding)
- crystal agar boba, 0.75 USD (also called crystal boba)
- vanilla cream, 0.75 USD (also called cream)
Add-ons:
- matcha stencil on top, 0.50 USD (also called matcha), only with vanilla cream`,
}
const withCallerId: Brief = { ...brief, prompt: `${brief.prompt}\nAsk for the one ending 4 5 6 7.` }

type Call = [name: string, args: Record<string, unknown>, answer: object]
/** The caller's words, the calls the agent makes, and what it says. */
type Exchange = [caller: string, calls: Call[], says: string | RegExp]

function run(turn: Turn, calls: Call[]): { made: unknown[]; says: string } {
  const made: unknown[] = []
  const says: string[] = []
  const left = [...calls]
  let answer: Answer | undefined
  for (;;) {
    const { value: step, done } = turn.next(answer)
    if (done) return { made, says: says.join(' ') }
    answer = undefined
    if ('say' in step) says.push(step.say)
    else {
      made.push([step.call, step.args])
      answer = readAnswer(
        JSON.stringify(left.shift()?.[2] ?? { ok: false, error: 'Nothing like this here.' }),
      )
    }
  }
}

function play(exchanges: Exchange[], conversation = new Conversation(brief)): Conversation {
  for (const [caller, calls, says] of exchanges) {
    const { made, says: said } = run(conversation.hear(caller), calls)
    expect(made, caller).toEqual(calls.map(([name, args]) => [name, args]))
    if (typeof says === 'string') expect(said, caller).toBe(says)
    else expect(said, caller).toMatch(says)
  }
  return conversation
}

const staged = (flavor: string, toppings: string[] = [], addons: string[] = []) => ({
  ok: true,
  staged: true,
  pending_item: {
    flavor,
    toppings,
    addons,
    sweetness: '50%',
    ice: 'regular ice',
    summary: `one ${[flavor, ...toppings, ...addons].join(' + ')}`,
  },
})
const confirmed = { ok: true, cart_count: 1, cart_total: { amount: '6.25', currency: 'USD' } }
const confirm: Call = ['confirm_pending_to_cart', {}, confirmed]
const saved: Call = ['save_phone_number', { phone: '555-123-4567' }, { ok: true, phone: '+15551234567' }]
const placed: Call = [
  'checkout_order',
  {},
  { ok: true, order_number: '4782', total: { amount: '6.25', currency: 'USD' } },
]

/** A taro with boba is in the cart. */
const taroInCart: Exchange[] = [
  [
    'a taro with boba',
    [['add_to_cart', { flavor: 'taro milk tea', toppings: ['boba'] }, staged('taro milk tea', ['boba'])]],
    'That is one taro milk tea + boba. Is that right?',
  ],
  ['yes', [confirm], 'Got it. Would you like anything else?'],
]
/** A taro with boba was ordered. */
const ordered: Exchange[] = [
  ...taroInCart,
  ["no, that's all", [], 'What number should we text when it is ready?'],
  ['555-123-4567', [saved], 'I have 5 5 5, 1 2 3, 4 5 6 7. Is that the right number?'],
  [
    "that's right",
    [placed],
    'Thank you! Your order number is 4, 7, 8, 2. That is $6.25. We will text you when it is ready. ' +
      'Is there anything else I can do for you?',
  ],
]

const dialogues: Record<string, Exchange[]> = {
  'an order from the first word to goodbye': [
    ...ordered,
    ['no thank you', [['end_call', {}, { ok: true }]], 'Thank you for calling. Goodbye!'],
  ],
  'everything about a drink in one sentence': [
    [
      'Hi! One taro milk tea with boba and cream, half sweet, less ice.',
      [
        [
          'add_to_cart',
          {
            flavor: 'taro milk tea',
            toppings: ['boba', 'vanilla cream'],
            sweetness: 'half sweet',
            ice: 'less ice',
          },
          staged('taro milk tea', ['boba', 'vanilla cream']),
        ],
      ],
      /Is that right\?$/,
    ],
  ],
  'a staged drink is changed, part by part': [
    taroInCart[0]!,
    [
      'make it black milk tea',
      [['update_pending_item', { flavor: 'black milk tea' }, staged('black milk tea', ['boba'])]],
      'That is one black milk tea + boba. Is that right?',
    ],
    [
      'add pudding and 25 percent sugar',
      [
        [
          'update_pending_item',
          { toppings: ['boba', 'egg pudding'], addons: [], sweetness: '25 percent sugar' },
          staged('black milk tea', ['boba', 'egg pudding']),
        ],
      ],
      /egg pudding\. Is that right\?/,
    ],
    [
      'no boba, please',
      [
        [
          'update_pending_item',
          { toppings: ['egg pudding'], addons: [] },
          staged('black milk tea', ['egg pudding']),
        ],
      ],
      /Is that right/,
    ],
    [
      'just cream',
      [
        [
          'update_pending_item',
          { toppings: ['vanilla cream'], addons: [] },
          staged('black milk tea', ['vanilla cream']),
        ],
      ],
      /Is that right/,
    ],
    [
      'no, taro with crystal boba',
      [
        [
          'update_pending_item',
          { flavor: 'taro milk tea', toppings: ['crystal agar boba'], addons: [] },
          staged('taro milk tea', ['crystal agar boba']),
        ],
      ],
      /crystal agar boba/,
    ],
    ['no', [], 'Okay. What should I change?'],
    ['never mind', [['clear_pending_item', {}, { ok: true, cleared: true }]], /left that out/],
  ],
  'a drink that is named in two goes': [
    ['boba and cream please', [], 'Sure. Which drink would you like that with?'],
    [
      'black',
      [
        [
          'add_to_cart',
          { flavor: 'black milk tea', toppings: ['boba', 'vanilla cream'] },
          staged('black milk tea', ['boba', 'vanilla cream']),
        ],
      ],
      /Is that right/,
    ],
  ],
  'two kinds, one of them twice': [
    [
      'I’d like two taros and a black tea with pudding',
      [['add_to_cart', { flavor: 'taro milk tea' }, staged('taro milk tea')]],
      'That is one taro milk tea. I will put in 2 of these. Is that right?',
    ],
    [
      'yep',
      [
        confirm,
        [
          'add_to_cart',
          { flavor: 'taro milk tea', toppings: [], addons: [], sweetness: '50%', ice: 'regular ice' },
          staged('taro milk tea'),
        ],
        confirm,
        [
          'add_to_cart',
          { flavor: 'black milk tea', toppings: ['egg pudding'] },
          staged('black milk tea', ['egg pudding']),
        ],
      ],
      'That is one black milk tea + egg pudding. Is that right?',
    ],
    ['yes, that is correct', [confirm], /anything else/],
  ],
  'another drink while one waits to be confirmed': [
    taroInCart[0]!,
    ['yes, taro', [confirm], /anything else/],
    ...taroInCart.slice(0, 1),
    [
      'yes, and a black milk tea',
      [confirm, ['add_to_cart', { flavor: 'black milk tea' }, staged('black milk tea')]],
      'That is one black milk tea. Is that right?',
    ],
  ],
  'what is not on the menu': [
    [
      "I'd like a mango smoothie with boba",
      [
        [
          'add_to_cart',
          { flavor: 'mango smoothie', toppings: ['boba'] },
          {
            ok: false,
            error:
              'We have no "mango smoothie". The drinks are taro milk tea or black milk tea. Ask which one.',
          },
        ],
      ],
      'We have no "mango smoothie". The drinks are taro milk tea or black milk tea. Which one would you like?',
    ],
    [
      'taro then',
      [['add_to_cart', { flavor: 'taro milk tea', toppings: ['boba'] }, staged('taro milk tea', ['boba'])]],
      /Is that right/,
    ],
  ],
  'a topping nobody knows': [
    [
      'a taro with rainbow jelly and boba',
      [
        [
          'add_to_cart',
          { flavor: 'taro milk tea', toppings: ['boba', 'rainbow jelly'] },
          {
            ok: false,
            error:
              'We have no "rainbow jelly". Toppings are boba and egg pudding. Ask what they would like instead.',
          },
        ],
      ],
      'We have no "rainbow jelly". Toppings are boba and egg pudding. What would you like instead?',
    ],
    [
      'pudding',
      [
        [
          'add_to_cart',
          { flavor: 'taro milk tea', toppings: ['boba', 'egg pudding'] },
          staged('taro milk tea', ['boba', 'egg pudding']),
        ],
      ],
      /Is that right/,
    ],
  ],
  'an add-on that needs a topping: add it': [
    [
      'taro with matcha',
      [
        [
          'add_to_cart',
          { flavor: 'taro milk tea', addons: ['matcha stencil on top'] },
          {
            ok: false,
            error:
              'matcha stencil on top needs vanilla cream. Ask whether to add vanilla cream or to leave matcha stencil on top out.',
          },
        ],
      ],
      'Matcha stencil on top needs vanilla cream. Shall I add vanilla cream or leave matcha stencil on top out?',
    ],
    [
      'add it',
      [
        [
          'add_to_cart',
          { flavor: 'taro milk tea', toppings: ['vanilla cream'], addons: ['matcha stencil on top'] },
          staged('taro milk tea', ['vanilla cream'], ['matcha stencil on top']),
        ],
      ],
      /Is that right/,
    ],
  ],
  'an add-on that needs a topping: leave it out': [
    taroInCart[0]!,
    [
      'add matcha',
      [
        [
          'update_pending_item',
          { toppings: ['boba'], addons: ['matcha stencil on top'] },
          {
            ok: false,
            error:
              'matcha stencil on top needs vanilla cream. Ask whether to add vanilla cream or to leave matcha stencil on top out.',
          },
        ],
      ],
      /Shall I add vanilla cream/,
    ],
    [
      'leave it out',
      [['update_pending_item', {}, staged('taro milk tea', ['boba'])]],
      'That is one taro milk tea + boba. Is that right?',
    ],
  ],
  'the cart is read, changed and emptied': [
    ...taroInCart,
    [
      "what's in my cart?",
      [
        [
          'get_cart',
          {},
          {
            ok: true,
            items: [{ summary: 'one taro milk tea with boba' }],
            cart_total: { amount: '6.25', currency: 'USD' },
          },
        ],
      ],
      'You have one taro milk tea with boba. That is $6.25. Would you like anything else?',
    ],
    [
      'make it less ice',
      [['set_sweetness_ice', { index: 0, ice: 'less ice' }, { ok: true, item: { summary: 'one icy taro' } }]],
      'It is now one icy taro. Would you like anything else?',
    ],
    [
      'change the first one to black milk tea with pudding',
      [
        [
          'modify_cart_item',
          { index: 0, flavor: 'black milk tea', toppings: ['boba', 'egg pudding'], addons: [] },
          { ok: true, item: { summary: 'one black' } },
        ],
      ],
      /It is now one black\./,
    ],
    [
      'remove the second one',
      [
        [
          'remove_from_cart',
          { index: 1 },
          {
            ok: false,
            error:
              'There is no drink number 1: the cart holds 1, counted from 0. Read the cart back and ask which one.',
          },
        ],
      ],
      /There is no drink number 1.*Which one do you mean\?/,
    ],
    [
      'remove the last one',
      [['remove_from_cart', { index: 0 }, { ok: true, removed: { summary: 'one black' }, cart_count: 0 }]],
      'I have taken out one black. What would you like to order?',
    ],
    [
      "that's all",
      [['get_cart', {}, { ok: true, items: [], cart_count: 0 }]],
      'Your cart is empty. What would you like to order?',
    ],
  ],
  'questions in between do not lose the thread': [
    taroInCart[0]!,
    [
      'what do you have?',
      [['menu_summary', {}, { ok: true, summary: 'We have taro milk tea and black milk tea.' }]],
      'We have taro milk tea and black milk tea. Is that right?',
    ],
    [
      'how much is a taro?',
      [['menu_summary', {}, { ok: true, prices: 'taro milk tea 5 dollars 50' }]],
      'taro milk tea 5 dollars 50. Is that right?',
    ],
    ['hmmm', [], 'Sorry, I did not understand that. Is that right?'],
    ['pardon?', [], 'Sorry, I did not understand that. Is that right?'],
    ['yes', [confirm], /anything else/],
  ],
  'a phone number before the order': [
    [
      'my number is 555-123-4567',
      [['save_phone_number', { phone: 'my number is 555-123-4567' }, { ok: true, phone: '+15551234567' }]],
      /Is that the right number/,
    ],
    ['yes', [], 'Thank you. What would you like to order?'],
    ...taroInCart,
    ["that'll be all", [placed], /order number is 4, 7, 8, 2/],
  ],
  'a number in the middle of a drink, wrong at first': [
    taroInCart[0]!,
    [
      'my number is 123',
      [
        [
          'save_phone_number',
          { phone: 'my number is 123' },
          {
            ok: false,
            error: 'That is no possible phone number. Ask for it again, area code first, digit by digit.',
          },
        ],
      ],
      'That is no possible phone number. Could you say it again, area code first, digit by digit?',
    ],
    [
      'five five five, one two three, four five six seven',
      [
        [
          'save_phone_number',
          { phone: 'five five five, one two three, four five six seven' },
          { ok: true, phone: '+15551234567' },
        ],
      ],
      /right number/,
    ],
    ['yes', [], 'That is one taro milk tea + boba. Is that right?'],
    ['yes', [confirm], /anything else/],
  ],
  'keys and a second try for the number': [
    ...ordered.slice(0, 4),
    ['no, that is wrong', [], /What number should we text/],
    [
      'I keyed in 5557654321.',
      [['save_phone_number', { phone: 'I keyed in 5557654321.' }, { ok: true, phone: '+15557654321' }]],
      'I have 5 5 5, 7 6 5, 4 3 2 1. Is that the right number?',
    ],
  ],
  'checkout says what is missing': [
    ...ordered.slice(0, 4),
    [
      'yes',
      [
        [
          'checkout_order',
          {},
          {
            ok: false,
            error:
              'A phone number is needed for the texts. Ask for it, read it back, and save it with save_phone_number.',
          },
        ],
      ],
      'A phone number is needed for the texts. Could you tell me yours?',
    ],
    ['555-123-4567', [saved], /right number/],
    ['yes', [placed], /4, 7, 8, 2/],
  ],
  'one more drink joins the order': [
    ...ordered,
    [
      'yes, a black tea please',
      [['add_to_cart', { flavor: 'black milk tea' }, staged('black milk tea')]],
      /Is that right/,
    ],
    ["yes, that's all", [confirm, placed], /order number is 4, 7, 8, 2/],
    [
      'what was my order number?',
      [['order_is_placed', {}, { placed: true, order_number: '4782' }]],
      /^Your order number is 4, 7, 8, 2\./,
    ],
  ],
  'where is my order': [
    [
      'is my order ready?',
      [
        [
          'order_status',
          {},
          {
            ok: false,
            error: 'Which order? Ask for the order number or the phone number it was placed with.',
          },
        ],
      ],
      'Which order? Could you tell me the order number or the phone number it was placed with?',
    ],
    [
      '4782',
      [['order_status', { order_number: '4782' }, { found: true, order_number: '4782', status: 'READY' }]],
      'Order 4, 7, 8, 2 is ready for pickup. Would you like anything else?',
    ],
    [
      'where is the order for 555-123-4567',
      [
        [
          'extract_phone_and_order',
          { text: 'where is the order for 555-123-4567' },
          { phone: '+15551234567', order_number: null },
        ],
        ['order_status', { phone: '+15551234567' }, { found: false }],
      ],
      /^I could not find that order\./,
    ],
    [
      'where is my order, I am calling from the same number',
      [['order_status', { phone: 'caller id' }, { found: true, order_number: '1234', status: 'PREPARING' }]],
      /^Order 1, 2, 3, 4 is being made\./,
    ],
  ],
  'somebody wants a person': [
    ...taroInCart,
    ['can I talk to a person?', [['transfer_to_staff', {}, { ok: true }]], /put you through/],
  ],
  bye: [['bye', [['end_call', {}, { ok: true }]], 'Thank you for calling. Goodbye!']],
  'a function that fails in an unknown way': [
    ['a taro please', [['add_to_cart', { flavor: 'taro milk tea' }, {}]], /^Sorry, something went wrong\./],
  ],
}

describe('the practice agent leads a caller through', () => {
  test.each(Object.entries(dialogues))('%s', (_, exchanges) => {
    play(exchanges)
  })

  test('the number the call comes from, when it is known', () => {
    const offer: Exchange = ['nothing else', [], 'Shall we text the number ending 4 5 6 7?']
    const callerId: Call = ['save_phone_number', { phone: 'caller id' }, { ok: true, phone: '+15550004567' }]
    play([...taroInCart, offer, ['sure', [callerId, placed], /4, 7, 8, 2/]], new Conversation(withCallerId))
    play(
      [
        ...taroInCart,
        offer,
        ['no', [], 'No problem. What number should we text when it is ready?'],
        ['this number', [callerId], 'I have 5 5 5, 0 0 0, 4 5 6 7. Is that the right number?'],
      ],
      new Conversation(withCallerId),
    )
  })
})

test('a conversation goes on where its last connection broke off', () => {
  const conversation = new Conversation(brief)
  conversation.resume('That is one taro milk tea + boba. Is that right?')
  play(
    [['yes', [['update_pending_item', {}, staged('taro milk tea', ['boba'])], confirm], /anything else/]],
    conversation,
  )
  const later = new Conversation(brief)
  later.resume('Shall we text the number ending 4 5 6 7?')
  const { made } = run(later.hear('yes'), [])
  expect(made).toEqual([['save_phone_number', { phone: 'caller id' }]])
})

describe('who was cut off on an earlier call', () => {
  const greeting = 'Hey, welcome back! You had one taro milk tea + boba. Shall we go on?'
  const { pending_item: taro } = staged('taro milk tea', ['boba'])
  const { pending_item: black } = staged('black milk tea')
  const back = () => {
    const conversation = new Conversation(brief)
    conversation.resume(greeting)
    return conversation
  }
  const cart = (items: object[], pending_item: object | null): Call => [
    'get_cart',
    {},
    { ok: true, items, cart_count: items.length, pending_item },
  ]

  test('goes on with what is in the cart', () => {
    play([['yes please', [cart([taro], null)], 'Good. Would you like anything else?']], back())
  })

  test('has the staged drink read back', () => {
    play(
      [
        ['yes', [cart([taro], black)], 'That is one black milk tea. Is that right?'],
        ['yes', [confirm], 'Got it. Would you like anything else?'],
      ],
      back(),
    )
  })

  test('starts anew, and nothing is left', () => {
    const gone: Call[] = [
      ['clear_pending_item', {}, { ok: true, cleared: true }],
      ['remove_from_cart', { index: 1 }, { ok: true, removed: taro }],
      ['remove_from_cart', { index: 0 }, { ok: true, removed: taro }],
    ]
    play(
      [['no', [cart([taro, taro], black), ...gone], 'Okay, we start anew. What would you like to order?']],
      back(),
    )
  })

  test('may name the next drink at once', () => {
    play(
      [
        [
          'a black milk tea',
          [['add_to_cart', { flavor: 'black milk tea' }, staged('black milk tea')]],
          'That is one black milk tea. Is that right?',
        ],
      ],
      back(),
    )
  })
})

test('how long a busy shop takes is told with the order number', () => {
  const [name, args, answer] = placed
  play([
    ...taroInCart,
    ["no, that's all", [], 'What number should we text when it is ready?'],
    ['555-123-4567', [saved], 'I have 5 5 5, 1 2 3, 4 5 6 7. Is that the right number?'],
    [
      'yes',
      [[name, args, { ...answer, wait_minutes: 25 }]],
      /It will take about 25 minutes\. We will text you/,
    ],
  ])
})

test('a new menu is known at once', () => {
  const conversation = new Conversation(brief)
  const [addToCart] = brief.functions
  const mango = { ...addToCart!, parameters: { properties: { flavor: { enum: ['mango tea'] } } } }
  conversation.learn({ functions: [mango], prompt: '- mango tea, 6.00 USD (also called mango)' })
  play(
    [['mango please', [['add_to_cart', { flavor: 'mango tea' }, staged('mango tea')]], /one mango tea/]],
    conversation,
  )
})

test('what was not understood acoustically is asked again', () => {
  const conversation = play([taroInCart[0]!])
  expect(run(conversation.missed(), []).says).toBe('Sorry, I did not catch that. Is that right?')
})

test.each([
  [
    'An order holds ten drinks at most. Ask whether to check out now.',
    'An order holds ten drinks at most. Shall I check out now?',
  ],
  [
    'Boba is sold out right now. We still have egg pudding. Offer one of these.',
    'Boba is sold out right now. We still have egg pudding. Which of these would you like?',
  ],
  ['Which drink? We have taro milk tea. Ask the caller.', 'Which drink? We have taro milk tea.'],
  [
    'Their number is withheld or cannot be texted. Ask for a number.',
    'Your number is withheld or cannot be texted. Could you tell me a number?',
  ],
  [
    'The shop takes no new orders right now. Apologise and ask to try again later.',
    'The shop takes no new orders right now. Please try again later. What would you like to do?',
  ],
  [
    'Order 4782 is already being made, so nothing can be added. Tell the caller to order at the counter.',
    'Order 4782 is already being made, so nothing can be added. Please order at the counter. What would you like to do?',
  ],
  ['No pending drink to confirm.', 'No pending drink to confirm. What would you like to do?'],
])('an error for a model, "%s", is said in a way fit for a caller', (error, said) => {
  expect(refusalAloud(error)).toBe(said)
})

test('numbers are read back in groups', () => {
  expect(phoneAloud('+15551234567')).toBe('5 5 5, 1 2 3, 4 5 6 7')
  expect(phoneAloud('+4930123456')).toBe('4 9 3, 0 1 2, 3 4 5 6')
})

test('an answer that is no JSON, or of other types, says nothing', () => {
  expect(readAnswer('oh')).toEqual({})
  expect(readAnswer('[1]')).toEqual({})
  expect(readAnswer('{"ok":true,"order_number":4782,"items":"none"}')).toEqual({ ok: true })
})
