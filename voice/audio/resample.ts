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
 *   this file                     2.8 µs  2.0 ms   0.0 dB  −79 dB   4.7 µs  2.2 ms   0.0 dB  −73 dB
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
 * bit. The inner products are WebAssembly, four multiplications at a time: with them in JavaScript each
 * conversion took 6.5 µs.
 */
import { nyquistFilter } from './fir.ts'
import { filter, workspace } from './workspace.ts'

/** Samples at 8 kHz that are converted in one go, 20 ms; longer chunks are converted block by block. */
export const block = 160

/** Where the last step of a conversion leaves its samples. */
export const converted = workspace.reserve(6 * block)

/** A filter on its way through one call's sound: keeps what it still needs of the past. */
abstract class Step {
  /** In the workspace: room for the past, then for new samples from `next` on. */
  readonly line: Float32Array
  /** Where in `line` the caller of `run` puts new samples. */
  next: number
  readonly #past: Float32Array
  readonly #usual: number

  /**
   * @param past samples before the newest that the filter looks back on
   * @param more samples that may be left over from a run besides
   */
  constructor(line: Float32Array, past: number, more = 0) {
    this.line = line
    this.next = this.#usual = past
    this.#past = new Float32Array(past + more)
  }

  /** Goes back to silence. */
  reset(): void {
    this.#past.fill(0)
    this.next = this.#usual
  }

  /** Puts the past in front of the new samples. */
  protected recall(): void {
    const past = this.#past
    for (let i = 0; i < this.next; i++) this.line[i] = past[i]!
  }

  /** Keeps so many samples for the next run. */
  protected keep(from: number, count: number): void {
    const past = this.#past
    for (let i = 0; i < count; i++) past[i] = this.line[from + i]!
    this.next = count
  }
}

const half = nyquistFilter(2, 31, 1200 / 16_000)
const halfTaps = workspace.taps(Float32Array.from({ length: 32 }, (_, i) => 2 * half[Math.abs(31 - 2 * i)]!))
const halfLine = workspace.reserve(31 + block)

/** 8 → 16 kHz: every sample, and before it one half-way from the last. Late by 15.5 input samples (1.94 ms). */
export class UpByTwo extends Step {
  constructor() {
    super(halfLine, 31)
  }

  /** Takes `count` samples from `line` at `next`; writes twice as many to `out` from `at` on. */
  run(count: number, out: Float32Array, at: number): void {
    const { line } = this
    this.recall()
    filter(line, 1, halfTaps, count, out, at, 2)
    for (let k = 0; k < count; k++) out[at + 2 * k + 1] = line[k + 16]!
    this.keep(count, 31)
  }
}

const third = nyquistFilter(3, 14, 9200 / 48_000)
const thirdTaps = Float32Array.from({ length: 10 }, (_, i) => 3 * third[Math.abs(3 * i - 13)]!)
// The two samples in between have each other's taps in reverse.
const firstThird = workspace.taps(thirdTaps)
const secondThird = workspace.taps(thirdTaps.toReversed())
const thirdLine = workspace.reserve(9 + 2 * block)

/** 16 → 48 kHz: every sample, and before it two between the last and this one. Late by 4⅔ input samples (0.29 ms). */
export class UpByThree extends Step {
  constructor() {
    super(thirdLine, 9)
  }

  /** Takes `count` samples from `line` at `next`; writes three times as many to `out`. */
  run(count: number, out: Float32Array): void {
    const { line } = this
    this.recall()
    filter(line, 1, firstThird, count, out, 0, 3)
    filter(line, 1, secondThird, count, out, 1, 3)
    for (let k = 0; k < count; k++) out[3 * k + 2] = line[k + 5]!
    this.keep(count, 9)
  }
}

// Long enough that a full-scale tone which folds stays below the first step of μ-law: it comes out as silence.
const fold = nyquistFilter(3, 50, 1200 / 24_000)
const foldTaps = workspace.taps(Float32Array.from({ length: 101 }, (_, i) => fold[Math.abs(i - 50)]!))
const foldLine = workspace.reserve(100 + 3 * block)

/** 24 → 8 kHz: one sample for every three. Late by 48 input samples (2.0 ms). */
export class DownByThree extends Step {
  constructor() {
    super(foldLine, 98, 2)
  }

  /** How many samples `run` gives for `count` more. */
  yields(count: number): number {
    return Math.trunc((this.next - 98 + count) / 3)
  }

  /** Takes `count` samples from `line` at `next`; writes `yields(count)` to `out`, and keeps what is less than three. */
  run(count: number, out: Float32Array): void {
    const outputs = this.yields(count)
    this.recall()
    filter(this.line, 3, foldTaps, outputs, out, 0, 1)
    this.keep(3 * outputs, this.next + count - 3 * outputs)
  }
}
