const dayMs = 24 * 3_600_000

/** A moment on the shop's clock: "3:45 PM", "tomorrow 4:00 AM", "Nov 3, 3:45 PM". */
export function momentWords(iso: string, timeZone: string, locale: string): string {
  const moment = new Date(iso)
  const time = moment.toLocaleTimeString(locale, { timeZone, hour: 'numeric', minute: '2-digit' })
  const days = (dayNumber(moment, timeZone) - dayNumber(new Date(), timeZone)) / dayMs
  if (days === 0) return time
  if (Math.abs(days) === 1) {
    return `${new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(days, 'day')} ${time}`
  }
  return `${moment.toLocaleDateString(locale, { timeZone, month: 'short', day: 'numeric' })}, ${time}`
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
  return new Date(dayNumber(new Date(), timeZone) + fromToday * dayMs).toISOString().slice(0, 10)
}

/** Midnight of the day that a moment has somewhere, as if that were in London. */
function dayNumber(moment: Date, timeZone: string): number {
  return Date.parse(moment.toLocaleDateString('en-CA', { timeZone }))
}

/** The end of a caller's number, the rest hidden. */
export const maskedNumber = (ending: string): string => `•••• ${ending}`
