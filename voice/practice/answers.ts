import { z } from 'zod'

const price = z.object({ amount: z.string(), currency: z.string() })

const drink = z.object({
  flavor: z.string().optional(),
  toppings: z.array(z.string()).default([]),
  addons: z.array(z.string()).default([]),
  sweetness: z.string().optional(),
  ice: z.string().optional(),
  summary: z.string(),
})

/**
 * What an agent function may answer. A language model reads an answer leniently, so what is not as expected counts as
 * not there.
 */
const answer = z.object({
  ok: z.boolean().optional().catch(undefined),
  error: z.string().optional().catch(undefined),
  summary: z.string().optional().catch(undefined),
  prices: z.string().optional().catch(undefined),
  pending_item: drink.optional().catch(undefined),
  items: z.array(drink).optional().catch(undefined),
  item: drink.optional().catch(undefined),
  removed: drink.optional().catch(undefined),
  cart_count: z.number().optional().catch(undefined),
  cart_total: price.optional().catch(undefined),
  total: price.optional().catch(undefined),
  phone: z.string().optional().catch(undefined),
  order_number: z.string().optional().catch(undefined),
  wait_minutes: z.number().optional().catch(undefined),
  status: z.string().optional().catch(undefined),
  placed: z.boolean().optional().catch(undefined),
  found: z.boolean().optional().catch(undefined),
})

export type Answer = z.infer<typeof answer>
export type AnsweredDrink = z.infer<typeof drink>

/** Reads the content of a FunctionCallResponse; anything but a JSON object is an answer that says nothing. */
export function readAnswer(content: string): Answer {
  try {
    return answer.parse(JSON.parse(content))
  } catch {
    return {}
  }
}
