import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ESLint } from 'eslint'
import { buildSchema, NoDeprecatedCustomRule, parse, specifiedRules, validate } from 'graphql'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'contract-'))
})
afterAll(() => rm(root, { recursive: true }))

const inRoot = (file: string) => join(root, file)
const log = () => readFile(inRoot('CHANGELOG.md'), 'utf8')
const contract = await readFile('docs/contract/0.1.0.graphql', 'utf8')

/** Runs a command on the folder of this test. */
const run = (...command: string[]) =>
  new Promise<{ code: number; said: string }>(resolve => {
    execFile(
      process.execPath,
      ['scripts/contract/contract.ts', ...command, '--root', root],
      (error, _, said) => resolve({ code: Number(error?.code ?? 0), said }),
    )
  })

/** Text with something replaced that has to be there. */
function changed(text: string, ...changes: [before: string, after: string][]): string {
  return changes.reduce((result, [before, after]) => {
    expect(result).toContain(before)
    return result.replace(before, after)
  }, text)
}

const hashLine = (of: string) =>
  `SHA-256 of the contract: \`${createHash('sha256').update(of).digest('hex')}\``

const field = '  """Why it was cancelled, in the words of staff."""\n  cancelReason: String\n'
const added: [string, string] = [field, `${field}\n  """Where it is picked up."""\n  counter: String\n`]
const writeContract = (...changes: [string, string][]) =>
  writeFile(inRoot('schema.graphql'), changed(contract, ...changes))

describe('the contract since the last release', () => {
  beforeEach(async () => {
    await mkdir(inRoot('docs'), { recursive: true })
    await rm(inRoot('docs/contract'), { recursive: true, force: true })
    await cp('docs/contract/0.1.0.graphql', inRoot('docs/contract/0.1.0.graphql'))
    await writeFile(
      inRoot('CHANGELOG.md'),
      `# Change log\n\n## Unreleased\n\nWritten by hand.\n\n## 0.1.0 – 2026-11-25\n\nThe first.\n\n${hashLine(contract)}\n`,
    )
  })

  test('loses a field only when the change log says so', async () => {
    await writeContract([field, ''])
    const { code, said } = await run('check')
    expect(code).toBe(1)
    const line = "`Order.cancelReason`: Field 'cancelReason' was removed from object type 'Order'"
    expect(said).toContain('may break programs that were written for 0.1.0')
    expect(said).toContain(`  breaking  ${line}\n`)
    expect(said).toContain('deprecate it with its date')

    // That an older release said so is no answer.
    await writeFile(inRoot('CHANGELOG.md'), `${await log()}\n- ${line}\n`)
    expect((await run('check')).code).toBe(1)
    await writeFile(inRoot('CHANGELOG.md'), (await log()).replace('Written by hand.', `- ${line}`))
    expect(await run('check')).toEqual({ code: 0, said: '' })

    // What is new about a type hides nothing that is gone from it.
    await writeContract(
      ['SignInRefused | SignedIn', 'SignInRefused | Sms'],
      ['type Money {\n', 'type Money implements Node {\n'],
      ['  """ISO 4217, e.g. "USD"."""\n  currency: String!\n', ''],
    )
    expect((await run('check')).said).toMatch(
      /breaking {2}`Money.currency`.*\n {2}breaking {2}`SignInResult`(.*\n)* {2}dangerous {2}`SignInResult`/,
    )
  })

  test('loses no code of a failure, and no default without which an argument is required', async () => {
    await writeContract(
      ['NO_DRINKS, NO_NUMBER_LEFT', 'DRINKS_NEEDED, NO_NUMBER_LEFT'],
      ['validateOnly: Boolean! = false', 'validateOnly: Boolean!'],
      ['  period: Period! = UNTIL_LIFTED\n', '  period: Period!\n'],
      ['fromNow: Boolean! = false', 'fromNow: Boolean! = true'],
      ['"""The shop was not changed. Codes', '"""Nothing changed about the shop. Codes'],
    )
    const { code, said } = await run('check')
    expect(code).toBe(1)
    expect(said.split('\n').filter(line => line.startsWith('  '))).toMatchInlineSnapshot(`
      [
        "  breaking  \`DelayOrderingInput.period\`: Input field 'DelayOrderingInput.period' default value changed from '"UNTIL_LIFTED"' to 'undefined'",
        "  breaking  \`Mutation.placeOrder.validateOnly\`: Default value for argument 'validateOnly' on field 'Mutation.placeOrder' changed from 'false' to 'undefined'",
        "  breaking  \`PlaceOrderRefused\`: Code 'NO_DRINKS' was removed",
        "  dangerous  \`EnableWebhookInput.fromNow\`: Input field 'EnableWebhookInput.fromNow' default value changed from 'false' to 'true'",
        "  dangerous  \`PlaceOrderRefused\`: Code 'DRINKS_NEEDED' was added",
      ]
    `)
  })

  test('is written into the change log by what it means, and hand-written words stay', async () => {
    const end = '  """Handed over. The end."""\n  PICKED_UP\n'
    await writeContract(
      added,
      [end, `${end}\n  """Left on the counter."""\n  FORGOTTEN\n`],
      ['"""Name as guests know it', '"""What guests call it'],
      [
        'delayMinutes: Int!',
        'delayMinutes: Int! @deprecated(reason: "Use `waitMinutes`. Removed on 2027-06-30.")',
      ],
      ['retryAfter: Int!', 'retryAfter: Int'],
      ['lateAfterMinutes: Int\n', 'lateAfterMinutes: Int @deprecated(reason: "Gone soon.")\n'],
      // Told as one thing each.
      [
        'scalar PhoneNumber',
        'scalar PhoneNumber\n\ntype Cat implements Node { id: ID! mew(loud: Int!): Cat @deprecated }',
      ],
      ['type Query {\n', 'type Query {\n  cats(first: Int!): [Cat!]!\n'],
    )
    expect((await run('check')).said).toMatch(
      /breaking {2}`SignInRefused.retryAfter`.*\n {2}dangerous {2}`Order/,
    )
    expect((await run('changelog')).code).toBe(0)
    expect(await log()).toMatchInlineSnapshot(`
      "# Change log

      ## Unreleased

      Written by hand.

      ### Contract

      #### Breaking

      - \`SignInRefused.retryAfter\`: Field 'SignInRefused.retryAfter' changed type from 'Int!' to 'Int'

      #### Dangerous

      - \`OrderStatus.FORGOTTEN\`: Enum value 'FORGOTTEN' was added to enum 'OrderStatus'

      #### Deprecated

      - \`Shop.delayMinutes\`: Field 'Shop.delayMinutes' is deprecated. Use \`waitMinutes\`. Removed on 2027-06-30.
      - \`UpdateShopInput.lateAfterMinutes\`: Directive 'deprecated' was added to input field 'lateAfterMinutes' in input object 'UpdateShopInput'

      #### Added

      - \`Cat\`: Type 'Cat' was added
      - \`Order.counter\`: Field 'counter' was added to object type 'Order'
      - \`Query.cats\`: Field 'cats' was added to object type 'Query'

      ## 0.1.0 – 2026-11-25

      The first.

      SHA-256 of the contract: \`b2452ff0a7f8c775f66ce0fb5996f357e70b4f2ad517b0c3f322c3c8500be71c\`
      "
    `)
    expect(await run('check')).toEqual({ code: 0, said: '' })

    const words = "from 'Int!' to 'Int' — It is null when nothing is to be waited for."
    await writeFile(inRoot('CHANGELOG.md'), changed(await log(), ["from 'Int!' to 'Int'", words]))
    await writeContract(['retryAfter: Int!', 'retryAfter: Int'])
    await run('changelog')
    expect(await log()).toContain(words)
    expect(await log()).toContain('Written by hand.')
    expect(await log()).not.toContain('FORGOTTEN')
    await writeContract()
    await run('changelog')
    expect(await log()).not.toContain('### Contract')
  })

  test('is compared with what was released, and with no copy that somebody has edited', async () => {
    await writeContract([field, ''])
    const copy = inRoot('docs/contract/0.1.0.graphql')
    const refused = async () => {
      const { code, said } = await run('check')
      expect(code).toBe(1)
      expect(said).toContain('docs/contract/0.1.0.graphql is not what was released')
    }
    await writeFile(copy, changed(contract, [field, '']))
    await refused()
    await run('release', '0.2.0')
    await refused()
    await rm(copy)
    await refused()
    await writeFile(copy, contract)
    expect(await run('check')).toEqual({ code: 0, said: '' })
    await writeFile(inRoot('CHANGELOG.md'), changed(await log(), [hashLine(contract), '']))
    await refused()
  })

  test('becomes the last one with a release', async () => {
    await writeContract(added)
    expect(await run('release', '0.10.0')).toEqual({ code: 0, said: '' })
    expect(await log()).toMatch(
      /## Unreleased\n\n## 0\.10\.0 – \d{4}-\d\d-\d\d\n\nWritten by hand\.\n\n### Contract\n\n#### Added\n\n- `Order\.counter`/,
    )
    expect(await log()).toContain(`\n\n${hashLine(changed(contract, added))}\n\n## 0.1.0`)
    expect(await run('check')).toEqual({ code: 0, said: '' })
    await writeContract()
    const { code, said } = await run('check')
    expect(code).toBe(1)
    expect(said).toContain('written for 0.10.0')
    expect(said).toContain('`Order.counter`')
    for (const version of ['0.9.0', '0.10.0', 'next']) expect((await run('release', version)).code).toBe(1)
  })
})

describe('the lint of the contract', () => {
  const eslint = new ESLint()
  const faults = async (text: string, filePath = 'schema.graphql') => {
    const [result] = await eslint.lintText(text, { filePath })
    return result!.messages.map(({ ruleId }) => ruleId)
  }
  const deprecated = (reason: string): [string, string] => [
    'cancelReason: String\n',
    `cancelReason: String @deprecated${reason}\n`,
  ]

  test('wants a deprecation to say when it ends', async () => {
    expect(await faults(contract)).toEqual([])
    const dated = '(reason: "Use `reason`. Removed on 2027-06-30.")'
    expect(await faults(changed(contract, deprecated(dated)))).toEqual([])
    for (const reason of ['', '(reason: "Use `reason`.")', '(reason: "Removed on 2027-13-30.")']) {
      expect(await faults(changed(contract, deprecated(reason)))).toContain('no-restricted-syntax')
    }
  })

  test.each<[string, string, string, string]>([
    ['a second argument', 'createApiKey(\n', 'createApiKey(\n"""Why."""\nwhy: Int\n', 'contract/input-name'],
    [
      'an input of another name',
      'input: CreateApiKeyInput!',
      'input: RotateApiKeyInput!',
      'contract/input-name',
    ],
    [
      'a bare field',
      '"""Why it was cancelled, in the words of staff."""',
      '',
      '@graphql-eslint/require-description',
    ],
    [
      'a new type without an id',
      'scalar PhoneNumber',
      'scalar PhoneNumber\n"""A."""\ntype A {\n"""B."""\nb: Int\n}',
      '@graphql-eslint/strict-id-in-types',
    ],
    [
      'a list without after',
      '"""The page after this opaque cursor."""\n    after: String\n\n    """Which calls."""',
      '"""Which calls."""',
      '@graphql-eslint/relay-arguments',
    ],
  ])('finds %s', async (_, before, after, rule) => {
    expect(await faults(changed(contract, [before, after]))).toContain(rule)
  })

  test('finds what an agent function asks for that there is not', async () => {
    const file = 'voice/functions/get_cart.graphql'
    const text = await readFile(file, 'utf8')
    expect(await faults(text, file)).toEqual([])
    expect(await faults(text.replace('ok', 'okay'), file)).toContain('@graphql-eslint/fields-on-correct-type')
  })
})

test('what we send ourselves asks for nothing that is deprecated', async () => {
  const modules: unknown[] = []
  for await (const file of glob(['clients/*/src/**/*documents.ts', 'voice/documents.ts'])) {
    modules.push({ ...(await import(resolve(file))) })
  }
  const schema = buildSchema(await readFile('schema.graphql', 'utf8'))
  const strings = (value: unknown): string[] =>
    typeof value === 'string'
      ? [value]
      : typeof value === 'object' && value !== null
        ? Object.values(value).flatMap(strings)
        : []
  const documents = strings(modules).filter(text => /^\s*(query|mutation|subscription)\b/.test(text))
  expect(documents.length).toBeGreaterThan(20)
  const faults = documents.flatMap(text =>
    validate(schema, parse(text), [...specifiedRules, NoDeprecatedCustomRule]).map(String),
  )
  expect(faults).toEqual([])
})
