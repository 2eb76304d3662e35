/*
 * Three steps by whole numbers make up both directions of a call: 8 → 16 → 48 kHz and 24 → 8 kHz. A telephone's sound
 * ends at 3.4 kHz; what lies above 4.6 kHz must not come through. Every filter has its edge at half of the lower rate,
 * so that every second or third tap is zero, and on the way up some of the outputs are the input itself.
 *
 * Own code and not a library, by measurement: µs per 20 ms frame, delay, level at 3.4 kHz, highest fold-back or image
 * of what must not come through (Node 26, one core of an EPYC, November 2026; this file's time includes μ-law, the
 * libraries' does not).
 *
 *                                 24 → 8 kHz                        8 → 48 kHz
 *   this file                     6.4 µs  2.0 ms   0.0 dB  −79 dB   6.4 µs  2.2 ms   0.0 dB  −73 dB
 *   speex-resampler 3.0.1, q 3     15 µs  3.0 ms  −1.1 dB  −88 dB    26 µs  3.0 ms  −0.3 dB  −88 dB
 *   speex-resampler 3.0.1, q 5     28 µs  5.0 ms   0.0 dB  silent    45 µs  5.0 ms   0.0 dB  −101 dB
 *   libsamplerate-js 2.1.2, fast   43 µs  2.4 ms  −8.8 dB  −97 dB   101 µs  2.5 ms  −8.8 dB  −98 dB
 *   libsamplerate-js 2.1.2, med    95 µs  5.8 ms   0.0 dB  −117 dB  203 µs  5.9 ms   0.0 dB  −119 dB
 *   wave-resampler 1.0.0, sinc    108 µs    –     −0.9 dB  −44 dB   392 µs    –     −5.5 dB  −54 dB
 *
 * speex-resampler was last published in 2020 and takes whole samples only; libsamplerate-js holds one stream in every
 * WebAssembly instance of 26 MB; wave-resampler keeps nothing from one chunk to the next.
 *
 * Every output is the same sum in the same order however the input is cut, so that chunks and the whole agree bit for
 * bit. Samples are Float64: V8 widens a Float32 at every load, which takes two to three times as long.
 */
import { nyquistFilter } from './fir.ts'

/** A stretch of samples: what a filter still needs of the past, then room for new samples from `next` on. */
abstract class Step {
  readonly line: Float64Array
  /** Where in `line` the caller of `run` puts new samples. */
  next: number
  protected readonly past: number

  /**
   * @param past samples before the newest that the filter looks back on
   * @param block most new samples in one run
   */
  constructor(past: number, block: number) {
    this.past = past
    this.line = new Float64Array(past + block)
    this.next = past
  }

  /** Goes back to silence. */
  reset(): void {
    this.line.fill(0)
    this.next = this.past
  }
}

const half = nyquistFilter(2, 31, 1200 / 16_000)
const halfTaps = Float64Array.from({ length: 16 }, (_, i) => 2 * half[2 * i + 1]!)

/** 8 → 16 kHz: every sample, and before it one half-way from the last. Late by 15.5 input samples (1.94 ms). */
export class UpByTwo extends Step {
  constructor(block: number) {
    super(31, block)
  }

  /** Takes `count` samples from `line` at `next`; writes twice as many to `out` from `at` on. */
  run(count: number, out: Float64Array, at: number): void {
    const { line } = this
    for (let k = 0; k < count; k++) {
      let near = 0
      let far = 0
      for (let i = 0, left = k + 15, right = k + 16; i < 16; i += 2, left -= 2, right += 2) {
        near += halfTaps[i]! * (line[left]! + line[right]!)
        far += halfTaps[i + 1]! * (line[left - 1]! + line[right + 1]!)
      }
      out[at++] = near + far
      out[at++] = line[k + 16]!
    }
    line.copyWithin(0, count, count + this.past)
  }
}

const third = nyquistFilter(3, 14, 9200 / 48_000)
// The two samples in between have each other's taps in reverse. With sums and differences of the input that mirror
// each other, half of the multiplications serve both.
const thirdTaps = Float64Array.from({ length: 10 }, (_, i) => 3 * third[Math.abs(3 * i - 13)]!)
const [s0, s1, s2, s3, s4] = [0, 1, 2, 3, 4].map(i => (thirdTaps[i]! + thirdTaps[9 - i]!) / 2) as Five
const [d0, d1, d2, d3, d4] = [0, 1, 2, 3, 4].map(i => (thirdTaps[i]! - thirdTaps[9 - i]!) / 2) as Five
type Five = [number, number, number, number, number]

/** 16 → 48 kHz: every sample, and before it two between the last and this one. Late by 4⅔ input samples (0.29 ms). */
export class UpByThree extends Step {
  constructor(block: number) {
    super(9, block)
  }

  /** Takes `count` samples from `line` at `next`; writes three times as many to `out`. */
  run(count: number, out: Float64Array): void {
    const { line } = this
    for (let k = 0, at = 0; k < count; k++) {
      const a0 = line[k]!
      const a1 = line[k + 1]!
      const a2 = line[k + 2]!
      const a3 = line[k + 3]!
      const a4 = line[k + 4]!
      const b4 = line[k + 5]!
      const b3 = line[k + 6]!
      const b2 = line[k + 7]!
      const b1 = line[k + 8]!
      const b0 = line[k + 9]!
      const same = s0 * (a0 + b0) + s1 * (a1 + b1) + s2 * (a2 + b2) + s3 * (a3 + b3) + s4 * (a4 + b4)
      const turned = d0 * (a0 - b0) + d1 * (a1 - b1) + d2 * (a2 - b2) + d3 * (a3 - b3) + d4 * (a4 - b4)
      out[at++] = same + turned
      out[at++] = same - turned
      out[at++] = b4
    }
    line.copyWithin(0, count, count + this.past)
  }
}

// Long enough that a full-scale tone which folds stays below the first step of μ-law: it comes out as silence.
const fold = nyquistFilter(3, 50, 1200 / 24_000)
const foldCentre = fold[0]!
const foldNear = Float64Array.from({ length: 17 }, (_, i) => fold[3 * i + 1]!)
const foldFar = Float64Array.from({ length: 17 }, (_, i) => fold[3 * i + 2]!)

/** 24 → 8 kHz: one sample for every three. Late by 48 input samples (2.0 ms). */
export class DownByThree extends Step {
  constructor(block: number) {
    super(98, block + 2)
  }

  /** How many samples `run` gives for `count` more. */
  yields(count: number): number {
    return Math.trunc((this.next - this.past + count) / 3)
  }

  /** Takes `count` samples from `line` at `next`; writes `yields(count)` to `out`, and keeps what is less than three. */
  run(count: number, out: Float64Array): void {
    const { line } = this
    const outputs = this.yields(count)
    for (let k = 0; k < outputs; k++) {
      const centre = 3 * k + 50
      let near = foldCentre * line[centre]!
      let far = 0
      for (let i = 0, left = centre - 1, right = centre + 1; i < 17; i++, left -= 3, right += 3) {
        near += foldNear[i]! * (line[left]! + line[right]!)
        far += foldFar[i]! * (line[left - 1]! + line[right + 1]!)
      }
      out[k] = near + far
    }
    const used = 3 * outputs
    line.copyWithin(0, used, this.next + count)
    this.next += count - used
  }
}
