import { readdirSync, readFileSync } from 'node:fs'
import {
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  print,
  type TypeNode,
  type VariableDefinitionNode,
  visit,
} from 'graphql'
import type { FunctionTool } from '../deepgram/messages.ts'
import type { LiveMenu } from '../documents.ts'

/** A value of the menu that a parameter of that name can take. */
const choices: Record<string, (menu: LiveMenu) => string[]> = {
  flavor: menu => menu.flavors.map(item => item.name),
  toppings: menu => menu.toppings.map(item => item.name),
  addons: menu => menu.addOns.map(item => item.name),
  sweetness: menu => menu.sweetnessLevels,
  ice: menu => menu.iceLevels,
}

/** Variables that voice fills in: never shown to the model, never taken from it. */
const ours = ['call', 'request']

export interface Parameter {
  name: string
  description: string
  type: TypeNode
  required: boolean
}

/** Something the model can do: one GraphQL document says its name, its words, its parameters and what runs. */
export interface AgentFunction {
  name: string
  description: string
  parameters: Parameter[]
  /** What is sent to the api; its answer is the field `result`. */
  document: string
  /** Whether it changes something. */
  effect: boolean
}

/**
 * Reads every document of a folder.
 * @throws Error naming a document that is not one described operation with the field `result`
 */
export function readFunctions(folder = new URL('.', import.meta.url)): AgentFunction[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.graphql'))
    .sort()
    .map(file => functionOf(file, readFileSync(new URL(file, folder), 'utf8')))
}

function functionOf(file: string, text: string): AgentFunction {
  const { definitions } = parse(text)
  const [operation] = definitions
  if (definitions.length !== 1 || operation?.kind !== Kind.OPERATION_DEFINITION) {
    throw new Error(`${file} has to be one operation`)
  }
  const name = operation.name?.value ?? 'without a name'
  if (`${name}.graphql` !== file)
    throw new Error(`${file} holds the operation ${name}; both need the same name`)
  if (!operation.description) throw new Error(`${file} has no description for the model`)
  return {
    name,
    description: operation.description.value,
    parameters: (operation.variableDefinitions ?? []).flatMap(node => parameterOf(file, node)),
    document: print(withoutDescriptions(operation)),
    effect: operation.operation === OperationTypeNode.MUTATION,
  }
}

function parameterOf(file: string, { variable, type, description }: VariableDefinitionNode): Parameter[] {
  const name = variable.name.value
  if (ours.includes(name)) return []
  if (!description) throw new Error(`$${name} in ${file} has no description for the model`)
  return [{ name, description: description.value, type, required: type.kind === Kind.NON_NULL_TYPE }]
}

/** Descriptions of operations are newer than many a server's parser, and of no use to it. */
function withoutDescriptions(operation: OperationDefinitionNode): OperationDefinitionNode {
  return visit(operation, {
    enter: node => ('description' in node ? { ...node, description: undefined } : undefined),
  })
}

/** What the model is told of the functions, with the live menu's names. */
export function toolsOf(functions: readonly AgentFunction[], menu: LiveMenu): FunctionTool[] {
  return functions.map(({ name, description, parameters, effect }) => ({
    name,
    description,
    parameters: {
      type: 'object',
      properties: Object.fromEntries(
        parameters.map(parameter => [
          parameter.name,
          {
            description: parameter.description,
            ...jsonSchemaOf(parameter.type, choices[parameter.name]?.(menu)),
          },
        ]),
      ),
      required: parameters.filter(({ required }) => required).map(parameter => parameter.name),
    },
    ...(effect && { defer_until_eot: true }),
  }))
}

const jsonTypes: Record<string, string> = {
  String: 'string',
  ID: 'string',
  Int: 'integer',
  Float: 'number',
  Boolean: 'boolean',
}

function jsonSchemaOf(type: TypeNode, values: string[] | undefined): object {
  switch (type.kind) {
    case Kind.NON_NULL_TYPE:
      return jsonSchemaOf(type.type, values)
    case Kind.LIST_TYPE:
      return { type: 'array', items: jsonSchemaOf(type.type, values) }
    case Kind.NAMED_TYPE:
      return { type: jsonTypes[type.name.value] ?? 'string', ...(values && { enum: values }) }
  }
}
