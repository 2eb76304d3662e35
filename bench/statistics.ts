import type { RecordableHistogram } from 'node:perf_hooks'

/** Percentiles of a time, in milliseconds. */
export interface Percentiles {
  p50: number
  p95: number
  p99: number
}

/** Notes a time in a histogram of microseconds. @param ms milliseconds */
export function note(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.max(1, Math.round(ms * 1_000)))
}

/** @param histogram of microseconds */
export function percentilesOf(histogram: RecordableHistogram): Percentiles {
  const at = (percent: number) => (histogram.count === 0 ? 0 : histogram.percentile(percent) / 1_000)
  return { p50: at(50), p95: at(95), p99: at(99) }
}

/** The value in the middle. */
export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

/** "1.2 (1.1–1.4)": the median, then the least and the most. */
export function spread(values: number[], digits = 1): string {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`
}

/** "0.2 / 0.4 / 0.9" */
export function shown({ p50, p95, p99 }: Percentiles): string {
  return [p50, p95, p99].map(ms => ms.toFixed(1)).join(' / ')
}
