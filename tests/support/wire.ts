import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'

const ajv = new Ajv2020({ strict: false, allErrors: false })
const load = (name: string) => {
  const schema = JSON.parse(readFileSync(new URL(`wire/${name}.schema.json`, import.meta.url), 'utf8')) as {
    $id: string
  }
  ajv.addSchema(schema)
  return schema.$id
}
const deepgram = load('deepgram-agent')
const twilio = load('twilio-media-streams')

function checker(schema: string, definition: string): (message: unknown) => string | undefined {
  const validate = ajv.getSchema(`${schema}#/$defs/${definition}`)!
  return message =>
    validate(message)
      ? undefined
      : `${JSON.stringify(message).slice(0, 200)}: ${ajv.errorsText(validate.errors)}`
}

/** What is wrong with a message, by the JSON Schemas of both wires; nothing when it is right. */
export const faultOf = {
  toDeepgram: checker(deepgram, 'ClientMessage'),
  settings: checker(deepgram, 'ClientSettingsKnownKeys'),
  fromDeepgram: checker(deepgram, 'ServerMessage'),
  toTwilio: checker(twilio, 'TwilioOutbound'),
  fromTwilio: checker(twilio, 'TwilioInbound'),
}
