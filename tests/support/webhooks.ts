import { expect } from 'vitest'
import type { TestApi } from './api.ts'

export interface RegisteredWebhook {
  id: string
  secret: string
}

export interface WebhookAnswer {
  __typename: string
  code?: string
  message?: string
  path?: string[]
}

const fields = `... on WebhookSecret { secret webhook { id url eventTypes document enabled cursor } }
  ... on UserError { code message path }`

/** Asks for a webhook, which may be refused. */
export async function askForWebhook(api: TestApi, key: string, input: object) {
  const { data, errors } = await api.ask<{
    made: WebhookAnswer & { secret: string; webhook: { id: string; url: string } }
  }>(
    `mutation ($input: RegisterWebhookInput!) { made: registerWebhook(input: $input) { __typename ${fields} } }`,
    { input: { eventTypes: ['ORDER_CREATED'], ...input } },
    key,
  )
  return { ...data?.made, error: errors?.[0]?.extensions.code }
}

/** A webhook for new orders. */
export async function registerWebhook(api: TestApi, key: string, input: object): Promise<RegisteredWebhook> {
  const { __typename, secret, webhook, ...more } = await askForWebhook(api, key, input)
  expect(more.message).toBeUndefined()
  expect(__typename).toBe('WebhookSecret')
  return { id: webhook!.id, secret: secret! }
}

/** One of the mutations that change a webhook. */
export async function changeWebhook(
  api: TestApi,
  key: string,
  field: 'updateWebhook' | 'enableWebhook' | 'deleteWebhook' | 'rotateWebhookSecret' | 'redeliver',
  input: object,
) {
  const answers = {
    updateWebhook: '... on Webhook { enabled }',
    enableWebhook: '... on Webhook { enabled }',
    deleteWebhook: '... on DeletedWebhook { id }',
    rotateWebhookSecret: '... on WebhookSecret { secret }',
    redeliver: '... on WebhookDelivery { status }',
  }
  const type = `${field[0]!.toUpperCase()}${field.slice(1)}Input`
  const { data, errors } = await api.ask<{ done: WebhookAnswer & { secret: string; enabled: boolean } }>(
    `mutation ($input: ${type}!) { done: ${field}(input: $input) {
      __typename ${answers[field]} ... on UserError { code message path } } }`,
    { input },
    key,
  )
  expect(errors).toBeUndefined()
  return data.done
}

export interface WebhookState {
  enabled: boolean
  disabledReason: string | null
  disabledMessage: string | null
  failingSince: string | null
  oldSecretUntil: string | null
  deliveries: {
    nodes: {
      id: string
      type: string
      cursor: string
      status: string
      attempts: { outcome: string; status: number | null; durationMs: number }[]
    }[]
    pageInfo: { hasNextPage: boolean; endCursor: string }
  }
}

/** What its integrator sees of a webhook. */
export async function webhookState(api: TestApi, key: string, id: string): Promise<WebhookState> {
  const { data } = await api.ask<{ webhook: WebhookState }>(
    `query ($id: ID!) { webhook(id: $id) {
      enabled disabledReason disabledMessage failingSince oldSecretUntil
      deliveries(first: 100) { nodes { id type cursor status attempts { at outcome status durationMs } }
        pageInfo { hasNextPage endCursor } } } }`,
    { id },
    key,
  )
  return data.webhook
}
