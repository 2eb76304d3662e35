/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1
  for (let k = 1, term = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}

/**
 * One half of a symmetric low-pass filter that joins or splits `bands` equal bands (an "M-th band" or Nyquist filter):
 * `taps[k]` belongs to distance k from the centre and is zero at every multiple of `bands` but 0, which is what lets a
 * resampler leave those out. The taps add up to 1. The edge lies at 1 / (2 · bands) of the sampling rate, in the middle
 * of the transition.
 *
 * A windowed sinc; the window is Kaiser's with the highest attenuation that the length allows for the transition
 * (J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974):
 * A = 2.285 · Δω · (length − 1) + 7.95 dB, β = 0.1102 · (A − 8.7) from 50 dB upwards.
 *
 * @param reach distance of the last tap from the centre, in samples; the group delay
 * @param transition width between the end of the pass band and the start of the stop band, as a part of the sampling rate
 */
export function nyquistFilter(bands: number, reach: number, transition: number): Float64Array {
  const attenuation = 2.285 * 2 * Math.PI * transition * 2 * reach + 7.95
  const beta = 0.1102 * (attenuation - 8.7)
  const taps = Float64Array.from({ length: reach + 1 }, (_, k) => {
    if (k > 0 && k % bands === 0) return 0
    const sinc = k === 0 ? 1 : Math.sin((Math.PI * k) / bands) / ((Math.PI * k) / bands)
    return sinc * besselI0(beta * Math.sqrt(1 - (k / reach) ** 2))
  })
  const sum = taps.reduce((total, tap) => total + 2 * tap, -taps[0]!)
  return taps.map(tap => tap / sum)
}
