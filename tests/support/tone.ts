/** `length` samples of a sine. */
export function tone(frequency: number, rate: number, length: number, amplitude: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => amplitude * Math.sin((2 * Math.PI * frequency * i) / rate))
}

/**
 * Amplitude of one frequency in the middle of a recording, leaving out 5 % at either end. The window (Blackman-Harris)
 * keeps other tones that are four bins or more away 90 dB down.
 */
export function amplitudeAt(frequency: number, samples: Float64Array, rate: number): number {
  const skip = Math.floor(samples.length / 20)
  const length = samples.length - 2 * skip
  let cos = 0
  let sin = 0
  let weight = 0
  for (let i = 0; i < length; i++) {
    const x = (2 * Math.PI * (i + 0.5)) / length
    const window = 0.35875 - 0.48829 * Math.cos(x) + 0.14128 * Math.cos(2 * x) - 0.01168 * Math.cos(3 * x)
    const phase = (2 * Math.PI * frequency * i) / rate
    cos += window * samples[skip + i]! * Math.cos(phase)
    sin += window * samples[skip + i]! * Math.sin(phase)
    weight += window
  }
  return (2 * Math.hypot(cos, sin)) / weight
}

/** Ratio of two amplitudes in dB. */
export function decibels(amplitude: number, reference: number): number {
  return 20 * Math.log10(amplitude / reference)
}
