/** "+15551234567" → "(555) 123-4567"; numbers of other countries stay as they are, with their country code. */
export function phoneWords(e164: string): string {
  // A formatter for every country weighs more than the rest of a screen.
  return e164.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3')
}
