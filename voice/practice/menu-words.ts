/** Something on the menu, with the other words for it. */
export interface Named {
  name: string
  aliases: string[]
}

/** What the agent knows of the menu. */
export interface MenuWords {
  flavors: Named[]
  toppings: Named[]
  addons: Named[]
}

/** A function as Settings describe it: the parameters are JSON Schema. */
export interface FunctionWords {
  name: string
  parameters?: unknown
}

interface Schema {
  enum?: unknown[]
  items?: Schema
  properties?: Record<string, Schema>
}

function namesIn(parameters: unknown, property: string): string[] {
  const schema = (parameters as Schema | undefined)?.properties?.[property]
  const names = schema?.enum ?? schema?.items?.enum ?? []
  return names.filter(name => typeof name === 'string')
}

/** "- taro milk tea, 5.50 USD (also called taro, taro tea)" in a prompt gives the other words. */
function aliasesIn(prompt: string, name: string): string[] {
  const line = prompt.split('\n').find(line => line.replace(/^[-*\s]+/, '').startsWith(`${name},`))
  const [, aliases = ''] = /\(also called ([^)]*)\)/.exec(line ?? '') ?? []
  return aliases.split(/,\s*/).filter(Boolean)
}

/** Learns the menu as a model does: from the values a drink's parameters can take, and from the prompt. */
export function menuWordsOf(functions: readonly FunctionWords[], prompt: string): MenuWords {
  const { parameters } = functions.find(({ name }) => name === 'add_to_cart') ?? {}
  const named = (property: string) =>
    namesIn(parameters, property).map(name => ({ name, aliases: aliasesIn(prompt, name) }))
  return { flavors: named('flavor'), toppings: named('toppings'), addons: named('addons') }
}
