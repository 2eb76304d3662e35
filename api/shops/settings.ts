import { isSupportedCountry } from 'libphonenumber-js'
import { z } from 'zod'
import { phoneOf } from '../calls/phone.ts'

/** The latest a ticket can become late, in minutes. */
export const latest = 240

/** When orders count as late: the one rule of the console, the menu file and the owner's command line. */
export const thresholdRule = `An order is getting late after 1 minute or more, and late after more than that, ${latest} at most. Give two such numbers`

/** Whether orders can become late like this. */
export const mayBeLate = (warnAfterMinutes: number, lateAfterMinutes: number): boolean =>
  warnAfterMinutes >= 1 && lateAfterMinutes > warnAfterMinutes && lateAfterMinutes <= latest

const isCountry = (code: string): boolean => isSupportedCountry(code)
const isTimezone = (name: string) => name === 'UTC' || Intl.supportedValuesOf('timeZone').includes(name)
const isCurrency = (code: string) => Intl.supportedValuesOf('currency').includes(code)

/**
 * A name as a file or a person gives it. It is shown in terminals, where a line break could feign another line and an escape
 * sequence hide one, and read aloud.
 */
export const nameText = z
  .string()
  .trim()
  .min(1, 'is empty')
  .max(60, 'has at most 60 characters')
  // What holds one is repeated in no other sentence.
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, {
    error: 'holds a line break or another control character',
    abort: true,
  })

const minutes = z.int({ error: 'is no whole number of minutes' })

/** What an owner decides about a shop, as it stands in a menu file. A phone number may be given as people write it. */
export const shopSettings = z
  .strictObject({
    name: nameText,
    phone: z.string().nullable().default(null),
    region: z.string().refine(isCountry, 'is no country such as US (ISO 3166-1 alpha-2)'),
    currency: z.string().refine(isCurrency, 'is no currency such as USD (ISO 4217)'),
    timezone: z.string().refine(isTimezone, 'is no time zone such as America/Los_Angeles'),
    warnAfterMinutes: minutes.default(5),
    lateAfterMinutes: minutes.default(10),
  })
  .transform((settings, { addIssue }) => {
    const { region, warnAfterMinutes, lateAfterMinutes } = settings
    if (!mayBeLate(warnAfterMinutes, lateAfterMinutes)) {
      addIssue({ code: 'custom', message: thresholdRule, path: ['lateAfterMinutes'] })
    }
    const phone = settings.phone === null ? null : phoneOf(settings.phone, region)
    if (phone !== undefined) return { ...settings, phone }
    addIssue({ code: 'custom', message: 'is no possible phone number such as +15551234567', path: ['phone'] })
    return z.NEVER
  })

export type ShopSettings = z.infer<typeof shopSettings>

/** What is wrong and where, in one line: "flavors[0].price: …; shop.region: …". */
export const faultsOf = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => `${z.core.toDotPath(path)}: ${message}`.replace(/^: /, '')).join('; ')
