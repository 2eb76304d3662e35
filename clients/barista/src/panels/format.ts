/** A moment on the shop's clock: "3:45 PM", with the day when that is not today. */
export function momentWords(iso: string, timeZone: string, locale: string): string {
  const moment = new Date(iso)
  const day = (date: Date) => date.toLocaleDateString('en-CA', { timeZone })
  return moment.toLocaleString(locale, {
    timeZone,
    hour: 'numeric',
    minute: '2-digit',
    ...(day(moment) !== day(new Date()) && { month: 'short', day: 'numeric' }),
  })
}

/** Until when something lasts: as `momentWords`, but the coming midnight by its name. */
export function untilWords(iso: string, timeZone: string, locale: string, midnight: string): string {
  const until = new Date(iso)
  const clock = until.toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' })
  const within = until.getTime() - Date.now() < 24 * 3_600_000
  return within && clock === '00:00' ? midnight : momentWords(iso, timeZone, locale)
}

/** A length of time: 125 seconds are "2:05". */
export function lengthWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  const two = (part: number) => String(part).padStart(2, '0')
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** The day it is at the shop, e.g. "2026-11-25", so many days from today. */
export function dayAt(timeZone: string, fromToday = 0): string {
  const [year = 0, month = 0, day = 0] = new Date()
    .toLocaleDateString('en-CA', { timeZone })
    .split('-')
    .map(Number)
  return new Date(Date.UTC(year, month - 1, day + fromToday)).toISOString().slice(0, 10)
}

export function moneyWords(
  { amount, currency }: { amount: string; currency: string },
  locale: string,
): string {
  return new Intl.NumberFormat(locale, { style: 'currency', currency }).format(Number(amount))
}

/** The end of a caller's number, the rest hidden. */
export const maskedNumber = (ending: string): string => `•••• ${ending}`
