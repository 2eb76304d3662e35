import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import alawmulaw from 'alawmulaw'
import { describe, expect, test } from 'vitest'
import { createCodec } from '../../voice/audio/codec.ts'
import { converted, DownByThree } from '../../voice/audio/resample.ts'
import { compareSpeech, samplesOf } from '../support/snr.ts'
import { amplitudeAt, decibels, tone } from '../support/tone.ts'

const { mulaw } = alawmulaw
const silence = 0xff

const fixture = (name: string) => {
  const bytes = readFileSync(new URL(`fixtures/${name}`, import.meta.url))
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes
}
const linear16 = (samples: Float64Array) => {
  const bytes = Buffer.alloc(2 * samples.length)
  samples.forEach((sample, i) => bytes.writeInt16LE(Math.round(sample), 2 * i))
  return bytes
}
const mulawOf = (samples: Float64Array) =>
  Buffer.from(Array.from(samples, sample => mulaw.encodeSample(Math.round(sample))))
const heardIn = (audio: Buffer) => Float64Array.from(audio, byte => mulaw.decodeSample(byte))
const steps = (from: number, to: number, step: number) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step)

/** What the agent says → what the caller hears, as samples at 8 kHz. */
const toCaller = (samples: Float64Array) => heardIn(createCodec('linear16').toCaller(linear16(samples)))
/** What the caller says → what the agent hears, as samples at 48 kHz. */
const toAgent = (samples: Float64Array) => samplesOf(createCodec('linear16').toAgent(mulawOf(samples)))

/** Numbers from 0 up to 1 that are the same for the same seed (Mulberry32). */
function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Cuts audio into pieces of up to `longest` bytes; one in ten has none at all. */
function cut(audio: Buffer, longest: number, random: () => number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < audio.length;) {
    const length = random() < 0.1 ? 0 : 1 + Math.floor(random() ** 2 * longest)
    pieces.push(audio.subarray(at, at + length))
    at += length
  }
  return pieces
}

describe('mulaw', () => {
  test('passes through as the same buffer', () => {
    const codec = createCodec('mulaw')
    const frame = Buffer.alloc(160, 0x2a)
    expect(codec.toAgent(frame)).toBe(frame)
    expect(codec.toCaller(frame)).toBe(frame)
    expect(codec.format).toEqual({
      input: { encoding: 'mulaw', sample_rate: 8000 },
      output: { encoding: 'mulaw', sample_rate: 8000, container: 'none' },
    })
  })
})

describe('linear16 to the agent, 8 → 48 kHz', () => {
  test('says so in Settings', () => {
    expect(createCodec('linear16').format).toEqual({
      input: { encoding: 'linear16', sample_rate: 48_000 },
      output: { encoding: 'linear16', sample_rate: 24_000, container: 'none' },
    })
  })

  test('reads every μ-law value as G.711 has it', () => {
    // The ends of every segment (ITU-T G.711, table 2a, in 16 bits).
    const known: [byte: number, sample: number][] = [
      [0x80, 32_124],
      [0x8f, 16_764],
      [0x90, 15_996],
      [0x9f, 8316],
      [0xaf, 4092],
      [0xbf, 1980],
      [0xcf, 924],
      [0xdf, 396],
      [0xef, 132],
      [0xfe, 8],
      [0xff, 0],
      [0x7f, 0],
      [0x7e, -8],
      [0x6f, -132],
      [0x0f, -16_764],
      [0x00, -32_124],
    ]
    for (const [byte, sample] of known) {
      const settled = samplesOf(createCodec('linear16').toAgent(Buffer.alloc(80, byte))).subarray(-48)
      for (const heard of settled)
        expect(Math.abs(heard - sample)).toBeLessThanOrEqual(1 + Math.abs(sample) / 5000)
    }
  })

  test('keeps tones up to 3.4 kHz at their level', () => {
    for (const frequency of steps(100, 3400, 100)) {
      const said = mulawOf(tone(frequency, 8000, 4000, 16_000))
      const level = decibels(
        amplitudeAt(frequency, samplesOf(createCodec('linear16').toAgent(said)), 48_000),
        amplitudeAt(frequency, heardIn(said), 8000),
      )
      expect(Math.abs(level), `${frequency} Hz`).toBeLessThan(0.05)
    }
  })

  test('has no images of tones up to 3.4 kHz', () => {
    for (const frequency of [310, 1010, 1990, 2510, 2990, 3190, 3310, 3390, 3400]) {
      const heard = toAgent(tone(frequency, 8000, 4000, 30_000))
      for (const around of [8000, 16_000, 24_000]) {
        for (const image of [around - frequency, around + frequency]) {
          if (image > 24_000) continue
          const level = decibels(amplitudeAt(image, heard, 48_000), 30_000)
          expect(level, `image of ${frequency} Hz at ${image} Hz`).toBeLessThan(-70)
        }
      }
    }
  })

  test('does not wrap around at full scale', () => {
    // 250 Hz between the two loudest bytes: the filter overshoots what 16 bits hold.
    const square = Buffer.from(Array.from({ length: 1600 }, (_, i) => (i % 32 < 16 ? 0x80 : 0x00)))
    const heard = samplesOf(createCodec('linear16').toAgent(square)).subarray(480)
    expect(Math.max(...heard)).toBe(32_767)
    expect(Math.min(...heard)).toBe(-32_768)
    const crossings = heard.filter((sample, i) => i > 0 && sample >= 0 !== heard[i - 1]! >= 0).length
    expect(crossings).toBe(Math.floor((1600 * 6 - 480) / 96))
  })

  test('rounds to the nearest sample, so that no offset creeps in', () => {
    // 250 Hz: whole periods of 192 samples, whose negative half mirrors the positive one.
    const heard = toAgent(tone(250, 8000, 4000, 16_000)).subarray(192, 192 * 121)
    expect(Math.abs(heard.reduce((sum, sample) => sum + sample) / heard.length)).toBeLessThan(0.05)
  })

  test('gives twelve bytes for every byte at once', () => {
    const codec = createCodec('linear16')
    for (const length of [0, 1, 7, 160, 161, 4000]) {
      expect(codec.toAgent(Buffer.alloc(length, silence))).toHaveLength(12 * length)
    }
  })
})

describe('linear16 to the caller, 24 → 8 kHz', () => {
  test('says every μ-law value, and the nearest one to what lies between', () => {
    for (let byte = 0; byte < 256; byte++) {
      const sample = mulaw.decodeSample(byte)
      const said = createCodec('linear16').toCaller(linear16(new Float64Array(240).fill(sample)))
      expect(said.at(-1)).toBe(sample === 0 ? silence : byte)
    }
    for (const sample of [1, -3, 5, 100, -777, 5000, -12_345, 31_000, 32_767, -32_768]) {
      const heard = toCaller(new Float64Array(240).fill(sample)).at(-1)!
      const apart = Math.min(...steps(0, 255, 1).map(byte => Math.abs(mulaw.decodeSample(byte) - sample)))
      expect(Math.abs(heard - sample)).toBe(apart)
    }
  })

  test('keeps tones up to 3.4 kHz at their level', () => {
    for (const frequency of steps(113, 3400, 173)) {
      const level = decibels(
        amplitudeAt(frequency, toCaller(tone(frequency, 24_000, 12_000, 16_000)), 8000),
        16_000,
      )
      expect(Math.abs(level), `${frequency} Hz`).toBeLessThan(0.1)
    }
  })

  test('makes silence of full-scale tones from 4.6 to 11 kHz instead of folding them back', () => {
    for (const frequency of steps(4600, 11_000, 100)) {
      const heard = toCaller(tone(frequency, 24_000, 12_000, 32_767))
      const folded = Math.abs(frequency - 8000 * Math.round(frequency / 8000))
      expect(amplitudeAt(folded, heard, 8000) / 32_767, `${frequency} Hz`).toBeLessThan(10 ** (-70 / 20))
      // What the tone's start lets through is over after the length of the filter.
      expect(Math.max(...heard.subarray(40).map(Math.abs)), `${frequency} Hz`).toBeLessThanOrEqual(8)
    }
  })

  test('folds nothing back above −75 dB before μ-law hides it', () => {
    for (const frequency of steps(4600, 11_000, 100)) {
      const filter = new DownByThree()
      const said = tone(frequency, 24_000, 12_000, 1)
      const heard = new Float64Array(4000)
      for (let at = 0; at < said.length; at += 480) {
        filter.line.set(said.subarray(at, at + 480), filter.next)
        filter.run(480, converted)
        heard.set(converted.subarray(0, 160), at / 3)
      }
      const folded = Math.abs(frequency - 8000 * Math.round(frequency / 8000))
      expect(decibels(amplitudeAt(folded, heard, 8000), 1), `${frequency} Hz`).toBeLessThan(-75)
    }
  })

  test('does not wrap around at full scale', () => {
    const square = Float64Array.from({ length: 4800 }, (_, i) => (i % 96 < 48 ? 32_767 : -32_768))
    const heard = toCaller(square).subarray(88)
    expect(Math.max(...heard)).toBe(32_124)
    expect(Math.min(...heard)).toBe(-32_124)
    const crossings = heard.filter((sample, i) => i > 0 && sample >= 0 !== heard[i - 1]! >= 0).length
    expect(crossings).toBe(Math.floor((1600 - 88) / 16))
  })

  test('gives a byte for every third sample at once', () => {
    const codec = createCodec('linear16')
    let bytes = 0
    let given = 0
    for (const length of [0, 1, 1, 3, 5, 0, 2, 960, 961, 6, 4001]) {
      bytes += length
      given += codec.toCaller(Buffer.alloc(length)).length
      expect(given).toBe(Math.floor(bytes / 6))
    }
  })

  test('starts the next reply clean after a reset, while the caller talks on', () => {
    const codec = createCodec('linear16')
    const untouched = createCodec('linear16')
    const reply = linear16(tone(700, 24_000, 960, 12_000))
    const caller = mulawOf(tone(500, 8000, 320, 12_000))
    codec.toCaller(reply.subarray(0, 1001))
    const before = Buffer.from(codec.toAgent(caller.subarray(0, 155)))
    codec.reset()
    expect(codec.toCaller(reply)).toEqual(createCodec('linear16').toCaller(reply))
    const after = codec.toAgent(caller.subarray(155))
    expect(Buffer.concat([before, after])).toEqual(untouched.toAgent(caller))
  })
})

describe('any cut', () => {
  const everything = { caller: fixture('caller.ulaw'), agent: fixture('agent-24k.s16.gz') }

  test.each([1, 2, 5, 160, 4001, 40_000])(
    'into chunks of up to %i bytes gives what one piece gives',
    longest => {
      const seed = Math.floor(Math.random() * 2 ** 31)
      const random = randomFrom(seed)
      const agent = everything.agent.subarray(0, 5000 * longest)
      const caller = everything.caller.subarray(0, 5000 * longest)
      const codec = createCodec('linear16')
      const said = cut(agent, longest, random).map(chunk => Buffer.from(codec.toCaller(chunk)))
      const heard = cut(caller, longest, random).map(chunk => Buffer.from(codec.toAgent(chunk)))
      const whole = createCodec('linear16')
      expect(Buffer.concat(said).equals(whole.toCaller(agent)), `to the caller, seed ${seed}`).toBe(true)
      expect(Buffer.concat(heard).equals(whole.toAgent(caller)), `to the agent, seed ${seed}`).toBe(true)
    },
  )

  test('of two calls at once keeps them apart', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const random = randomFrom(seed)
    const { agent } = everything
    const backwards = Buffer.from(agent).reverse()
    const [one, other] = [createCodec('linear16'), createCodec('linear16')]
    const mine: Buffer[] = []
    for (const chunk of cut(agent, 999, random)) {
      mine.push(Buffer.from(one.toCaller(chunk)))
      other.toCaller(backwards.subarray(0, chunk.length))
    }
    const alone = createCodec('linear16').toCaller(agent)
    expect(Buffer.concat(mine).equals(alone), `seed ${seed}`).toBe(true)
  })
})

describe('recorded speech, against what sox makes of it', () => {
  test('reaches the agent', () => {
    const caller = Buffer.concat([fixture('caller.ulaw'), Buffer.alloc(160, silence)])
    const heard = samplesOf(createCodec('linear16').toAgent(caller))
    const compared = compareSpeech(heard, samplesOf(fixture('caller-48k.s16.gz')), { rate: 48_000 })
    expect(compared.snr).toBeGreaterThan(55)
    expect(compared.gain).toBeCloseTo(1, 3)
    expect(compared.delay).toBeGreaterThan(0)
    expect(compared.delay).toBeLessThan(3)
  })

  test('reaches the caller, as near as μ-law allows', () => {
    const reference = samplesOf(fixture('agent-8k.s16.gz'))
    const heard = toCaller(samplesOf(Buffer.concat([fixture('agent-24k.s16.gz'), Buffer.alloc(960)])))
    const compared = compareSpeech(heard, reference, { rate: 8000 })
    const best = compareSpeech(heardIn(mulawOf(reference)), reference, { rate: 8000 })
    expect(compared.snr).toBeGreaterThan(37)
    expect(compared.snr).toBeGreaterThan(best.snr - 0.5)
    expect(compared.gain).toBeCloseTo(1, 2)
    expect(compared.delay).toBeGreaterThan(0)
    expect(compared.delay).toBeLessThan(3)
  })

  test('is found again when it is late, quieter and cut into, and noise is told from it', () => {
    const reference = samplesOf(fixture('agent-8k.s16.gz'))
    const late = new Float64Array(reference.length + 9000)
    late.set(
      reference.map(sample => sample / 3),
      7777,
    )
    const found = compareSpeech(late, reference, { rate: 8000 })
    expect(found.delay).toBeCloseTo(7777 / 8, 3)
    expect(found.gain).toBeCloseTo(1 / 3, 6)
    expect(found.snr).toBeGreaterThan(100)
    const holed = late.map((sample, i) => (i > 15_000 && i < 15_160 ? 0 : sample))
    expect(compareSpeech(holed, reference, { rate: 8000 }).snr).toBeLessThan(30)
    const early = compareSpeech(reference.subarray(400), reference, { rate: 8000 })
    expect(early.delay).toBeCloseTo(-50, 1)
  })
})
