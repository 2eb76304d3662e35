/** What the api says of whoever is asking. */
export interface Viewer {
  kind: 'ANYONE' | 'API_KEY' | 'STAFF'
  name: string
  scopes: string[]
}

/** The header that says who is asking; none for anyone. */
export type Proof = { Authorization?: string }

export interface Answer {
  data?: Record<string, unknown> | null
  errors?: { message: string; extensions?: { code?: string } }[]
}

/** The value of a header, however its name is written. */
export function headerOf(headers: Record<string, unknown>, name: string): string | undefined {
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
  return typeof found === 'string' ? found : undefined
}

/**
 * Posts an operation and answers with whatever came back.
 * @throws Error when no answer came, or one that is not JSON
 */
export async function post(body: object, headers: object): Promise<Answer> {
  const response = await fetch('/graphql', {
    method: 'POST',
    // By this name refusals come with status 200, which no browser reports as an error of the page.
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return (await response.json()) as Answer
}

/**
 * Asks who is asking.
 * @returns the viewer, or the sentence by which the api refuses them
 */
export async function whoAsks(headers: Proof): Promise<Viewer | string> {
  try {
    const { data, errors } = await post({ query: '{ me { kind name scopes } }' }, headers)
    return (data?.me as Viewer | undefined) ?? errors?.[0]?.message ?? 'The shop gave no answer.'
  } catch {
    return 'The shop does not answer. Is it open?'
  }
}
