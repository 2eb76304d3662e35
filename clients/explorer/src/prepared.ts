export interface Prepared {
  title: string
  /** What a key needs for it; none if anyone may. */
  scopes: string[]
  query: string
  variables?: object
}

/** What integrators begin with. Each can be sent as it stands, where it changes nothing that matters. */
export const prepared: Prepared[] = [
  {
    title: 'The menu and the board',
    scopes: [],
    query: `query MenuAndBoard {
  menu {
    items {
      id
      kind
      name
      available
      price { amount }
    }
    sweetnessLevels
    iceLevels
  }
  board {
    shop { name waitMinutes }
    orders { number status }
    ready { number }
  }
}`,
  },
  {
    title: 'Who am I?',
    scopes: [],
    query: `query WhoAmI {
  me { kind name scopes }
}`,
  },
  {
    title: 'What is left of my limit?',
    scopes: [],
    query: `query Limit {
  rateLimit { requested available limit restoreRate }
}`,
  },
  {
    title: 'A page of orders',
    scopes: ['orders:read'],
    query: `query Orders($first: Int!, $after: String) {
  orders(first: $first, after: $after) {
    nodes {
      id number status source createdAt promisedAt
      items { flavor toppings addOns sweetness ice }
      total { amount currency }
    }
    pageInfo { hasNextPage endCursor }
    eventCursor
  }
}`,
    variables: { first: 10, after: null },
  },
  {
    title: 'Anything by its id',
    scopes: ['orders:read'],
    query: `# Put in an id: of an order, a menu item, a call, a webhook …
query Anything($id: ID!) {
  node(id: $id) {
    __typename
    id
    ... on Order { number status }
    ... on MenuItem { name available }
  }
}`,
    variables: { id: 'item_' },
  },
  {
    title: 'Place an order',
    scopes: ['orders:write'],
    query: `# Nothing is ordered while validateOnly is true: you see the price and the wait.
# The same idempotencyKey orders once, however often it is sent.
mutation PlaceOrder($input: PlaceOrderInput!, $idempotencyKey: String!, $validateOnly: Boolean!) {
  placeOrder(input: $input, idempotencyKey: $idempotencyKey, validateOnly: $validateOnly) {
    ... on OrderQuote { total { amount currency } waitMinutes drinks { summary } }
    ... on PlacedOrder { replayed order { id number status total { amount currency } } }
    ... on UserError { code message path }
  }
}`,
    variables: {
      input: { drinks: [{ flavor: 'taro milk tea', toppings: ['boba'] }], phone: '555-123-4567' },
      idempotencyKey: 'explorer-1',
      validateOnly: true,
    },
  },
  {
    title: 'Watch what happens, live',
    scopes: ['orders:read'],
    query: `# Runs until you stop it. Place an order in another tab of the browser, or by phone.
subscription WatchOrders($after: String) {
  orderEvents(after: $after) {
    type
    cursor
    at
    order { number status items { flavor } }
  }
}`,
    variables: { after: null },
  },
  {
    title: 'What has happened since',
    scopes: ['orders:read'],
    query: `# The same events as a list: go on with endCursor as after.
query EventsSince($after: String) {
  events(first: 20, after: $after) {
    gap
    nodes { type cursor at order { number status } }
    pageInfo { hasNextPage endCursor }
  }
}`,
    variables: { after: '0' },
  },
  {
    title: 'Register a webhook',
    scopes: ['webhooks:write', 'orders:read'],
    query: `# The secret is shown this once. The document shapes what is posted.
mutation RegisterWebhook($input: RegisterWebhookInput!) {
  registerWebhook(input: $input) {
    ... on WebhookSecret { secret webhook { id url eventTypes } }
    ... on UserError { code message path }
  }
}`,
    variables: {
      input: {
        url: 'https://example.com/boba',
        eventTypes: ['ORDER_CREATED', 'ORDER_STATUS_CHANGED'],
        document: 'fragment Mine on OrderEvent { cursor order { number status total { amount } } }',
      },
    },
  },
  {
    title: 'Let somebody call',
    scopes: ['orders:write'],
    query: `# While the shop practises: a scripted caller orders by phone. Watch it in another tab.
mutation SimulateCall($input: SimulateCallInput!) {
  simulateCall(input: $input) {
    ... on SimulatedCall { callSid }
    ... on UserError { code message path }
  }
}`,
    variables: { input: { script: 'taro-with-boba' } },
  },
]
