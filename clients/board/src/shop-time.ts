/**
 * Times of day as a shop's clock shows them.
 * @param timezone IANA name; one that this browser does not know, as old ones do not know new names, is its own
 */
export function shopTime(timezone: string | undefined, language: string): Intl.DateTimeFormat {
  const digits = { hour: 'numeric', minute: '2-digit' } as const
  try {
    return new Intl.DateTimeFormat(language, { ...digits, timeZone: timezone })
  } catch {
    return new Intl.DateTimeFormat(language, digits)
  }
}

/** Minutes since midnight on a shop's clock. */
export function minuteOfDay(timezone: string | undefined, time: number): number {
  const parts = shopTime(timezone, 'en-GB').format(time).split(':').map(Number)
  return (parts[0] ?? 0) * 60 + (parts[1] ?? 0)
}
