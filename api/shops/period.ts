import { registerEnumType } from 'type-graphql'

export enum Period {
  FIFTEEN_MINUTES = 'FIFTEEN_MINUTES',
  THIRTY_MINUTES = 'THIRTY_MINUTES',
  ONE_HOUR = 'ONE_HOUR',
  FOUR_HOURS = 'FOUR_HOURS',
  TODAY = 'TODAY',
  UNTIL_LIFTED = 'UNTIL_LIFTED',
}
registerEnumType(Period, {
  name: 'Period',
  description: 'For how long something is sold out, paused or delayed.',
  valuesConfig: {
    FIFTEEN_MINUTES: { description: 'A quarter of an hour.' },
    THIRTY_MINUTES: { description: 'Half an hour.' },
    ONE_HOUR: { description: 'An hour.' },
    FOUR_HOURS: { description: 'Four hours.' },
    TODAY: {
      description: "Until four in the morning, by the shop's clock: after midnight is still today to a shop.",
    },
    UNTIL_LIFTED: { description: 'Until somebody lifts it.' },
  },
})

export const periodArg = { defaultValue: Period.UNTIL_LIFTED, description: 'For how long.' }

const minutes: Partial<Record<Period, number>> = {
  FIFTEEN_MINUTES: 15,
  THIRTY_MINUTES: 30,
  ONE_HOUR: 60,
  FOUR_HOURS: 240,
}

/** The hour at which a shop's day is over, even for one that is open till late. */
const dayEnds = 4

/**
 * When a period that begins now is over; null for one that somebody has to lift.
 * @param timezone IANA, of the shop
 */
export function endOf(period: Period, timezone: string, now = new Date()): Date | null {
  if (period === Period.UNTIL_LIFTED) return null
  if (period === Period.TODAY) {
    const here = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timezone)
    const day = here.hour < dayEnds ? here : here.add({ days: 1 })
    return new Date(day.withPlainTime({ hour: dayEnds }).epochMilliseconds)
  }
  return new Date(now.getTime() + minutes[period]! * 60_000)
}
