import { decodeLinear16, encodeLinear16, fromBytes } from './linear16.ts'
import { decodeMulaw, encodeMulaw } from './mulaw.ts'
import { block, converted, DownByThree, UpByThree, UpByTwo } from './resample.ts'

/** What the agent hears and speaks: 16-bit samples, or the telephone's own μ-law. */
export type AgentAudio = 'linear16' | 'mulaw'

/** `audio` of Deepgram's Settings. */
export interface AudioFormat {
  input: { encoding: AgentAudio; sample_rate: number }
  output: { encoding: AgentAudio; sample_rate: number; container: 'none' }
}

/**
 * One call's conversions; holds the filters' memory of that call. What is returned is good until the same conversion
 * runs again: a new buffer for every frame of every call makes so much garbage that collecting it stops the process for
 * tens of milliseconds.
 */
export interface Codec {
  /** What `Settings.audio` says. */
  readonly format: AudioFormat
  /** μ-law 8 kHz from the caller → what the agent hears. */
  toAgent(audio: Buffer): Buffer
  /** What the agent says, in chunks of any size → μ-law 8 kHz. */
  toCaller(chunk: Buffer): Buffer
  /**
   * Forgets what the agent has said so far, half a sample included: after the caller interrupted, and between two
   * replies, so that an odd byte of one cannot turn the next into noise. What the caller is saying goes on untouched.
   */
  reset(): void
}

/** 60 ms at 48 kHz: a longer chunk gets a buffer of its own. */
const usualRoom = 5_760

/** A buffer that is used over and over. */
class Scratch {
  readonly #room = Buffer.allocUnsafeSlow(usualRoom)

  /** So many bytes, with whatever stands in them. */
  take(length: number): Buffer {
    return length > usualRoom ? Buffer.allocUnsafe(length) : this.#room.subarray(0, length)
  }
}

/** A telephone's audio as it is. */
function mulawCodec(): Codec {
  return {
    format: {
      input: { encoding: 'mulaw', sample_rate: 8000 },
      output: { encoding: 'mulaw', sample_rate: 8000, container: 'none' },
    },
    toAgent: audio => audio,
    toCaller: chunk => chunk,
    reset() {},
  }
}

/** 48 kHz to the agent and 24 kHz from it, signed 16 bits, little-endian. */
function linear16Codec(): Codec {
  const upByTwo = new UpByTwo()
  const upByThree = new UpByThree()
  const downByThree = new DownByThree()
  const forAgent = new Scratch()
  const forCaller = new Scratch()
  /** The first byte of a sample whose second has not come yet. */
  let lowByte: number | null = null

  return {
    format: {
      input: { encoding: 'linear16', sample_rate: 48_000 },
      output: { encoding: 'linear16', sample_rate: 24_000, container: 'none' },
    },
    toAgent(audio) {
      const out = forAgent.take(12 * audio.length)
      for (let from = 0; from < audio.length; from += block) {
        const count = Math.min(block, audio.length - from)
        decodeMulaw(audio, from, count, upByTwo.line, upByTwo.next)
        upByTwo.run(count, upByThree.line, upByThree.next)
        upByThree.run(2 * count, converted)
        encodeLinear16(converted, 6 * count, out, 12 * from)
      }
      return out
    },
    toCaller(chunk) {
      let samples = (chunk.length + (lowByte === null ? 0 : 1)) >> 1
      const out = forCaller.take(downByThree.yields(samples))
      let from = 0
      let written = 0
      const convert = (count: number) => {
        const yielded = downByThree.yields(count)
        downByThree.run(count, converted)
        encodeMulaw(converted, yielded, out, written)
        written += yielded
        samples -= count
      }
      if (lowByte !== null && samples > 0) {
        downByThree.line[downByThree.next] = fromBytes(lowByte, chunk[from++]!)
        lowByte = null
        convert(1)
      }
      while (samples > 0) {
        const count = Math.min(3 * block, samples)
        decodeLinear16(chunk, from, count, downByThree.line, downByThree.next)
        from += 2 * count
        convert(count)
      }
      if (from < chunk.length) lowByte = chunk[from]!
      return out
    },
    reset() {
      downByThree.reset()
      lowByte = null
    },
  }
}

/** The conversions of a new call. */
export function createCodec(format: AgentAudio): Codec {
  return format === 'mulaw' ? mulawCodec() : linear16Codec()
}
