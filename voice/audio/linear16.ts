/** The nearest 16-bit sample; louder than the loudest is the loudest. */
export function toInt16(sample: number): number {
  if (sample < -32_768) return -32_768
  if (sample > 32_767) return 32_767
  // Truncation of what is never negative is a third of the cost of Math.round.
  return ((sample + 32_768.5) | 0) - 32_768
}

/** One little-endian sample from its two bytes. */
export function fromBytes(low: number, high: number): number {
  return ((low | (high << 8)) << 16) >> 16
}

/** Reads `count` little-endian samples from `bytes` at `from` into `out` at `at`. */
export function decodeLinear16(
  bytes: Uint8Array,
  from: number,
  count: number,
  out: Float32Array,
  at: number,
): void {
  for (let i = 0; i < count; i++) out[at + i] = fromBytes(bytes[from + 2 * i]!, bytes[from + 2 * i + 1]!)
}

/** Writes the first `count` samples into `out` at `at`, two bytes each, little-endian. */
export function encodeLinear16(samples: Float32Array, count: number, out: Uint8Array, at: number): void {
  for (let i = 0; i < count; i++) {
    const sample = toInt16(samples[i]!)
    out[at++] = sample
    out[at++] = sample >> 8
  }
}
