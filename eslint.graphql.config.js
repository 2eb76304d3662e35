import plugin from '@graphql-eslint/eslint-plugin'

/**
 * Mutations from before the rule that everything goes into one `input`: the agent functions, whose arguments voice and
 * a language model fill in, and what staff and integrators have known from the start. No other one joins them.
 */
const severalArguments = new Set([
  ...['addToCart', 'updatePendingItem', 'confirmPendingToCart', 'clearPendingItem', 'removeFromCart'],
  ...[
    'modifyCartItem',
    'setSweetnessIce',
    'savePhoneNumber',
    'checkoutOrder',
    'sayGoodbye',
    'transferToStaff',
  ],
  ...['startOrder', 'markOrderReady', 'recallOrder', 'completeOrder', 'cancelOrder', 'setAvailability'],
  ...['pauseOrdering', 'signIn', 'placeOrder'],
])

/** Types that are read as part of something else, or made up for one answer: there is nothing to read anew by an id. */
const values = [
  ...['ApiKeyIssued', 'Board', 'BoardEvent', 'BoardOrder', 'CallMetrics', 'Day', 'DayHour', 'Drink'],
  ...['FunctionCall', 'LiveCalls', 'Menu', 'Money', 'OrderEvent', 'OrderQuote', 'PageInfo', 'PlacedOrder'],
  ...['RateLimit', 'Said', 'SignedIn', 'SimulatedCall', 'Viewer', 'WebhookAttempt', 'WebhookSecret'],
]

/** The nearest field a node stands in. */
const fieldOf = node => (node.kind === 'FieldDefinition' ? node.name.value : fieldOf(node.parent))

/** A rule of the plugin that takes no exceptions, with ours: fields it may find something about. */
const except = (name, fields) => ({
  ...plugin.rules[name],
  create: context =>
    plugin.rules[name].create(
      Object.create(context, {
        report: { value: found => fields.has(fieldOf(found.node.parent)) || context.report(found) },
      }),
    ),
})

/**
 * How the reason of a deprecation ends. The rule `require-deprecation-date` wants an argument that GraphQL's own
 * directive does not have, and that introspection would tell nobody.
 */
const endsWithDate = '/ Removed on \\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])\\.$/'

const languageOptions = {
  parser: plugin.parser,
  parserOptions: {
    graphQLConfig: { schema: 'schema.graphql', documents: 'voice/functions/*.graphql' },
  },
}
const plugins = {
  '@graphql-eslint': plugin,
  contract: {
    rules: {
      'input-name': except('input-name', severalArguments),
      // A caller is no call.
      'no-typename-prefix': except('no-typename-prefix', new Set(['callerEnding'])),
    },
  },
}
const recommended = plugin.configs['flat/schema-recommended'].rules
const operations = plugin.configs['flat/operations-recommended'].rules

/**
 * Rules for the contract and for the documents of the agent functions. Of all that there are, these are left out:
 * alphabetize, since the contract is written sorted, and a model reads answers in the order we choose;
 * no-root-type and the rules about oneOf, which forbid or check what we have not;
 * no-scalar-result-type-on-mutation: signOut has nothing to tell, and what voice writes down is told to nobody;
 * require-field-of-type-query-in-mutation-result: whoever has changed something is told what it is now;
 * require-nullable-result-in-root: what cannot be answered is a refusal or an error of the request, never null;
 * require-deprecation-date, see above; no-unused-fields, since programs we do not know use them;
 * no-one-place-fragments and require-import-fragment: these documents have no fragments.
 */
export default [
  {
    files: ['schema.graphql'],
    languageOptions,
    plugins,
    rules: {
      ...recommended,
      ...plugin.configs['flat/schema-relay'].rules,
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
          DirectiveDefinition: true,
        },
      ],
      '@graphql-eslint/no-typename-prefix': 'off',
      'contract/no-typename-prefix': 'error',
      'contract/input-name': ['error', { checkInputType: true, caseSensitiveInputType: false }],
      'no-restricted-syntax': [
        'error',
        {
          selector: `Directive[name.value=deprecated]:not(:has(Argument[name.value=reason] > StringValue[value=${endsWithDate}]))`,
          message:
            'A deprecation says what to use instead and when it ends: reason: "Use `x`. Removed on 2027-06-30."',
        },
      ],
      '@graphql-eslint/strict-id-in-types': [
        'error',
        { exceptions: { types: values, suffixes: ['Answer', 'Connection', 'Edge', 'Refused'] } },
      ],
      // Lists go forward only.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // Events have cursors instead of ids; connections have `nodes` beside `edges`.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
    },
  },
  {
    files: ['voice/functions/*.graphql'],
    languageOptions,
    plugins,
    rules: {
      ...operations,
      // Their names and variables are what a language model is told.
      '@graphql-eslint/naming-convention': [
        'error',
        { VariableDefinition: 'snake_case', OperationDefinition: 'snake_case' },
      ],
      '@graphql-eslint/lone-executable-definition': 'error',
      '@graphql-eslint/match-document-filename': ['error', { query: 'snake_case', mutation: 'snake_case' }],
    },
  },
]
