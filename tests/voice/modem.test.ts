import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createCodec } from '../../voice/audio/codec.ts'
import { decodeMulaw, encodeMulaw, randomFrom } from './practice-sound.ts'
import { crc16 } from '../../voice/practice/crc16.ts'
import { Demodulator, modulate } from '../../voice/practice/modem.ts'

const sentence = 'One taro milk tea with boba, please. 🧋 ¿Cuánto es? 謝謝'

/** What a demodulator says of some samples, in order. */
function listen(samples: Int16Array, sampleRate: number, chunk: () => number = () => 160): string[] {
  const heard: string[] = []
  const ear = new Demodulator(sampleRate)
    .on('carrier', () => heard.push('carrier'))
    .on('text', text => heard.push(`text ${text}`))
    .on('garbled', () => heard.push('garbled'))
  for (let at = 0; at < samples.length;) {
    const length = chunk()
    ear.push(samples.subarray(at, at + length))
    at += length
  }
  return heard
}

function joined(...parts: Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const silence = (seconds: number, sampleRate: number) => new Int16Array(Math.round(seconds * sampleRate))

/** Adds white noise. @param snr in decibels, against the message */
function noisy(samples: Int16Array, snr: number, random: () => number): Int16Array {
  const sounding = samples.filter(sample => sample !== 0)
  const power = sounding.reduce((sum, sample) => sum + sample ** 2, 0) / sounding.length
  const deviation = Math.sqrt(power / 10 ** (snr / 10))
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return samples.map(sample => Math.max(-32_768, Math.min(32_767, sample + gauss() * deviation)))
}

describe.each([8_000, 24_000, 48_000])('at %i Hz', rate => {
  test('a text comes out as it went in, whatever the chunks', () => {
    const random = randomFrom(rate)
    const samples = joined(silence(0.3, rate), modulate(sentence, rate), silence(0.1, rate))
    for (const chunk of [() => 1, () => 7, () => samples.length, () => 1 + Math.floor(random() * 700)]) {
      expect(listen(samples, rate, chunk)).toEqual(['carrier', `text ${sentence}`])
    }
  })

  test('messages may follow each other without a pause', () => {
    const texts = ['', 'yes', sentence, 'that’s all']
    const heard = listen(joined(...texts.map(text => modulate(text, rate))), rate)
    expect(heard).toEqual(texts.flatMap(text => ['carrier', `text ${text}`]))
  })

  test('a message that is cut off is garbled, and the next one is heard', () => {
    const cut = modulate(sentence, rate)
    const next = modulate('Black milk tea.', rate)
    const after = ['carrier', 'garbled', 'carrier', 'text Black milk tea.']
    for (const share of [0.3, 0.5, 0.9]) {
      const part = cut.subarray(0, Math.floor(cut.length * share))
      expect(listen(joined(part, silence(1, rate), next), rate)).toEqual(after)
      expect(listen(joined(part, next), rate)).toEqual(after)
    }
    // The rest of a message is no message.
    expect(listen(joined(cut.subarray(cut.length / 2), next), rate)).toEqual([
      'carrier',
      'text Black milk tea.',
    ])
  })
})

test('gaps in the sound are heard through, wherever they are', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomFrom(seed)
    const parts: Int16Array[] = []
    for (let rest = modulate(sentence, 8_000); rest.length > 0;) {
      const length = 1 + Math.floor(random() * 2_000)
      parts.push(rest.subarray(0, length), silence(random(), 8_000))
      rest = rest.subarray(length)
    }
    const line = decodeMulaw(encodeMulaw(joined(...parts)))
    expect(listen(line, 8_000), `seed ${seed}`).toEqual(['carrier', `text ${sentence}`])
  }
})

test('500 characters survive a gain of 0.3 to 1, μ-law, and noise 10 dB below them', () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyz ,.?🧋é']
  for (let seed = 1; seed <= 6; seed++) {
    const random = randomFrom(seed)
    const text = Array.from({ length: 500 }, () => letters[Math.floor(random() * letters.length)]).join('')
    const gain = 0.3 + 0.7 * random()
    const quiet = joined(silence(0.1, 8_000), modulate(text, 8_000), silence(0.1, 8_000)).map(x => x * gain)
    const line = decodeMulaw(encodeMulaw(noisy(quiet, 10, random)))
    expect(listen(line, 8_000), `seed ${seed}`).toEqual(['carrier', `text ${text}`])
  }
})

test('text survives the way to the agent and back through linear16 at 48 and 24 kHz', () => {
  const codec = createCodec('linear16')
  const random = randomFrom(7)
  const samplesOf = (bytes: Buffer) => new Int16Array(new Uint8Array(bytes).buffer)

  const said = Buffer.from(encodeMulaw(joined(modulate(sentence, 8_000), silence(0.05, 8_000))))
  expect(listen(samplesOf(codec.toAgent(said)), 48_000)).toEqual(['carrier', `text ${sentence}`])

  const answer = Buffer.from(modulate(sentence, 24_000).buffer)
  const chunks: Buffer[] = []
  for (let at = 0; at < answer.length;) {
    const length = 1 + 2 * Math.floor(random() * 900)
    chunks.push(Buffer.from(codec.toCaller(answer.subarray(at, at + length))))
    at += length
  }
  expect(listen(decodeMulaw(Buffer.concat(chunks)), 8_000)).toEqual(['carrier', `text ${sentence}`])
})

test('somebody who begins to speak is noticed within 40 ms', () => {
  const samples = modulate('Wait!', 8_000)
  expect(listen(samples.subarray(0, 8 * 40), 8_000)).toEqual(['carrier'])
})

test('a damaged message is garbled, never a wrong text', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomFrom(seed)
    const samples = modulate(sentence, 8_000)
    const body = { from: 8 * 60, to: samples.length - 8 * 50 }
    const at = body.from + Math.floor(random() * (body.to - body.from))
    for (let offset = 0; offset < 60; offset++) samples[at + offset] = (random() - 0.5) * 60_000
    const heard = listen(joined(samples, silence(0.2, 8_000)), 8_000)
    expect(heard[0], `seed ${seed}`).toBe('carrier')
    expect(['garbled', `text ${sentence}`], `seed ${seed}`).toContain(heard[1])
  }
})

test('neither noise nor music nor a human voice is a message', () => {
  const random = randomFrom(11)
  const noise = new Int16Array(8_000 * 20).map(() => (random() - 0.5) * 30_000)
  const chord = new Int16Array(8_000 * 5).map((_, at) =>
    [600, 1_400, 2_200, 3_000].reduce(
      (sum, tone) => sum + 4_000 * Math.sin((2 * Math.PI * tone * at) / 8_000),
      0,
    ),
  )
  const voice = decodeMulaw(readFileSync(new URL('fixtures/caller.ulaw', import.meta.url)))
  expect(listen(joined(noise, chord, voice, silence(1, 8_000)), 8_000)).toEqual([])
})

test('the check sum is the one of the catalogue', () => {
  expect(crc16(new TextEncoder().encode('123456789'))).toBe(0x29b1)
})

test('what the modem cannot do is said', () => {
  expect(() => modulate('hello', 44_100)).toThrow(RangeError)
  expect(() => new Demodulator(0)).toThrow('multiples of 8000 Hz')
  expect(() => modulate('x'.repeat(70_000), 8_000)).toThrow(RangeError)
})
