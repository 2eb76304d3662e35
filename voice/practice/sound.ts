import alawmulaw from 'alawmulaw'
import type { Settings } from './client-messages.ts'

const { mulaw } = alawmulaw

/** One direction of a call's sound, as Settings name it. */
export interface Format {
  encoding: 'mulaw' | 'linear16'
  /** Samples a second. */
  sampleRate: number
}

/** A format the practice agent does not take, or the real one does not offer. */
export class UnsupportedFormat extends Error {}

/**
 * Both directions that Settings ask for, with the defaults of the wire.
 * @throws UnsupportedFormat in a sentence
 */
export function formatsOf({ input, output }: Settings['audio']): { input: Format; output: Format } {
  const { container = 'none' } = output ?? {}
  if (container !== 'none') throw new UnsupportedFormat(`The output container ${container} is not supported.`)
  const encoding = output?.encoding ?? 'linear16'
  return {
    input: format('input', input?.encoding ?? 'linear16', input?.sample_rate ?? 24_000),
    output: format('output', encoding, output?.sample_rate ?? (encoding === 'mulaw' ? 8_000 : 24_000)),
  }
}

function format(direction: string, encoding: string, sampleRate: number): Format {
  const rates = { mulaw: [8_000], linear16: [8_000, 16_000, 24_000, 32_000, 48_000] }
  if (encoding !== 'mulaw' && encoding !== 'linear16') {
    throw new UnsupportedFormat(`The ${direction} encoding ${encoding} is not supported.`)
  }
  if (!rates[encoding].includes(sampleRate)) {
    throw new UnsupportedFormat(
      `The ${direction} sample rate ${sampleRate} is not supported with ${encoding}.`,
    )
  }
  return { encoding, sampleRate }
}

export const bytesPerSecond = ({ encoding, sampleRate }: Format): number =>
  encoding === 'mulaw' ? sampleRate : sampleRate * 2

export function encode(samples: Int16Array, { encoding }: Format): Buffer {
  if (encoding === 'mulaw') return Buffer.from(mulaw.encode(samples))
  const bytes = Buffer.allocUnsafe(samples.length * 2)
  samples.forEach((sample, at) => bytes.writeInt16LE(sample, at * 2))
  return bytes
}

/** Turns chunks of any length into samples: half a sample waits for its other half. */
export class Decoder {
  readonly #encoding: Format['encoding']
  #half: Buffer = Buffer.alloc(0)

  constructor({ encoding }: Format) {
    this.#encoding = encoding
  }

  decode(chunk: Buffer): Int16Array {
    if (this.#encoding === 'mulaw') return mulaw.decode(chunk)
    const bytes = this.#half.length > 0 ? Buffer.concat([this.#half, chunk]) : chunk
    const samples = Int16Array.from({ length: bytes.length >> 1 }, (_, at) => bytes.readInt16LE(at * 2))
    this.#half = Buffer.from(bytes.subarray(samples.length * 2))
    return samples
  }
}
