import type { ResultOf } from 'gql.tada'
import { graphql } from '../../../../graphql.ts'
import type { Operation } from '../frame/use-ask.ts'

const dayText = `
  query Day($date: LocalDate) {
    menu { shop { timezone } }
    day(date: $date) {
      date
      orders
      cancelled
      drinks
      revenue { amount currency }
      medianPreparationSeconds
      p90PreparationSeconds
      calls
      callsOrdered
      callsAbandoned
      hours { hour orders drinks calls callsOrdered medianPreparationSeconds }
    }
  }
` as const
const _day = () => graphql(dayText)
/** The numbers of a day, of today without a date. */
export const dayNumbers: Operation<typeof _day> = dayText

export type Day = ResultOf<ReturnType<typeof _day>>['day']
export type DayHour = Day['hours'][number]
