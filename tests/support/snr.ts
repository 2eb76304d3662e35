/** How two recordings of the same speech differ. */
export interface Comparison {
  /** The reference's energy over that of what differs from it, in dB, after alignment. */
  snr: number
  /** How much later `heard` is, in milliseconds; known to a small part of a sample. */
  delay: number
  /** How much louder `heard` is: 1 when it is as loud. */
  gain: number
}

/** Signed 16-bit little-endian samples as numbers. */
export function samplesOf(linear16: Buffer): Float64Array {
  return Float64Array.from({ length: linear16.length >> 1 }, (_, i) => linear16.readInt16LE(2 * i))
}

interface Spectrum {
  re: Float64Array
  im: Float64Array
}

/** Discrete Fourier transform in place, radix 2; the length is a power of two. */
function transform({ re, im }: Spectrum): void {
  const size = re.length
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1
    for (; j & bit; bit >>= 1) j ^= bit
    j ^= bit
    if (i < j) {
      ;[re[i], re[j]] = [re[j]!, re[i]!]
      ;[im[i], im[j]] = [im[j]!, im[i]!]
    }
  }
  for (let half = 1; half < size; half *= 2) {
    for (let k = 0; k < half; k++) {
      const cos = Math.cos((Math.PI * k) / half)
      const sin = -Math.sin((Math.PI * k) / half)
      for (let a = k; a < size; a += 2 * half) {
        const b = a + half
        const x = re[b]! * cos - im[b]! * sin
        const y = re[b]! * sin + im[b]! * cos
        re[b] = re[a]! - x
        im[b] = im[a]! - y
        re[a] = re[a]! + x
        im[a] = im[a]! + y
      }
    }
  }
}

function spectrumOf(samples: Float64Array, size: number): Spectrum {
  const re = new Float64Array(size)
  re.set(samples)
  const spectrum = { re, im: new Float64Array(size) }
  transform(spectrum)
  return spectrum
}

/**
 * Compares what was heard with a reference below a frequency: aligns the two by the peak of their cross-correlation,
 * to a part of a sample, levels them by least squares, and measures what is left. Where one of them is silent or over,
 * the other one counts as difference.
 *
 * @param rate samples per second of both
 * @param below Hz; what lies above is left out of account
 */
export function compareSpeech(
  heard: Float64Array,
  reference: Float64Array,
  { rate, below = 3400 }: { rate: number; below?: number },
): Comparison {
  const size = 2 ** Math.ceil(Math.log2(heard.length + reference.length))
  const h = spectrumOf(heard, size)
  const r = spectrumOf(reference, size)
  const bins = Math.floor((below / rate) * size)

  // Both are real, so the bins up to `below` say everything, and the correlation is twice the real part of this.
  const cross = { re: new Float64Array(size), im: new Float64Array(size) }
  for (let k = 1; k <= bins; k++) {
    cross.re[k] = h.re[k]! * r.re[k]! + h.im[k]! * r.im[k]!
    cross.im[k] = h.im[k]! * r.re[k]! - h.re[k]! * r.im[k]!
  }
  // The inverse transform is the transform with time running backwards.
  const correlation = { re: cross.re.slice(), im: cross.im.slice() }
  transform(correlation)
  const peak = correlation.re.reduce((best, value, i) => (value > correlation.re[best]! ? i : best), 0)
  let lag = peak === 0 ? 0 : size - peak
  if (lag > size / 2) lag -= size

  // Newton's method on the slope of the correlation, from the nearest whole sample.
  for (let step = 0; step < 8; step++) {
    let slope = 0
    let bend = 0
    for (let k = 1; k <= bins; k++) {
      const w = (2 * Math.PI * k) / size
      const cos = Math.cos(w * lag)
      const sin = Math.sin(w * lag)
      slope -= w * (cross.re[k]! * sin + cross.im[k]! * cos)
      bend -= w * w * (cross.re[k]! * cos - cross.im[k]! * sin)
    }
    lag -= slope / bend
  }

  let together = 0
  let energy = 0
  for (let k = 1; k <= bins; k++) {
    const w = (2 * Math.PI * k * lag) / size
    together += cross.re[k]! * Math.cos(w) - cross.im[k]! * Math.sin(w)
    energy += r.re[k]! ** 2 + r.im[k]! ** 2
  }
  const gain = together / energy
  let left = 0
  for (let k = 1; k <= bins; k++) {
    const w = (2 * Math.PI * k * lag) / size
    const re = h.re[k]! * Math.cos(w) - h.im[k]! * Math.sin(w)
    const im = h.re[k]! * Math.sin(w) + h.im[k]! * Math.cos(w)
    left += (re - gain * r.re[k]!) ** 2 + (im - gain * r.im[k]!) ** 2
  }
  return { snr: 10 * Math.log10((gain ** 2 * energy) / left), delay: (1000 * lag) / rate, gain }
}
