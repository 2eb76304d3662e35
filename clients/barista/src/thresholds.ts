/** Minutes after which a ticket is getting late, and late. */
export interface Thresholds {
  warnAfterMinutes: number
  lateAfterMinutes: number
}
