import type { TestApi } from '../support/api.ts'

/** What voice reports of a call besides the functions it runs. `key` has the scope calls:write. */
export interface Reports {
  /** Writes down what was said, after so many words before. */
  says(call: string, from: number, said: { speaker: 'CALLER' | 'AGENT'; text: string }[]): Promise<void>
  end(call: string, reason: string, metrics?: object): Promise<void>
}

export function reports(api: TestApi, key: string): Reports {
  return {
    async says(call, from, said) {
      await api.ask(
        'mutation ($input: RecordWordsInput!) { recordWords(input: $input) }',
        { input: { call, from, said } },
        key,
      )
    },
    async end(call, reason, metrics) {
      await api.ask(
        'mutation ($input: EndCallInput!) { endCall(input: $input) { id } }',
        { input: { call, reason, metrics } },
        key,
      )
    },
  }
}
