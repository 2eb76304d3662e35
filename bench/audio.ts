/*
 * What the conversions of one call cost: `node bench/audio.ts`. Microseconds per 20 ms of sound; half of all rounds take
 * less than the median, one in ten less than p10, nine in ten less than p90.
 */
import { createCodec } from '../voice/audio/codec.ts'
import { decodeLinear16, encodeLinear16 } from '../voice/audio/linear16.ts'
import { decodeMulaw, encodeMulaw } from '../voice/audio/mulaw.ts'

const rounds = 31
const frames = 2000

/** As loud and as irregular as speech: three tones that never repeat in a frame. */
const voice = (rate: number, length: number) =>
  Float32Array.from({ length }, (_, i) => {
    const t = (2 * Math.PI * i) / rate
    return 6000 * (Math.sin(217 * t) + Math.sin(911 * t) + Math.sin(2741 * t))
  })

const at8k = voice(8000, 160)
const at24k = Buffer.alloc(960)
encodeLinear16(voice(24_000, 480), 480, at24k, 0)
const mulaw = Buffer.alloc(160)
encodeMulaw(at8k, 160, mulaw, 0)

const linear16 = createCodec('linear16')
const calls = Array.from({ length: 300 }, () => createCodec('linear16'))
let turn = 0
const untouched = createCodec('mulaw')
const bytes = Buffer.alloc(1920)
const samples = new Float32Array(960)
const work: Record<string, () => unknown> = {
  'linear16 toAgent, 8 → 48 kHz': () => linear16.toAgent(mulaw),
  'linear16 toCaller, 24 → 8 kHz': () => linear16.toCaller(at24k),
  'linear16 both ways': () => [linear16.toAgent(mulaw), linear16.toCaller(at24k)],
  'the same, 300 calls in turn': () => {
    const call = calls[turn++ % calls.length]!
    return [call.toAgent(mulaw), call.toCaller(at24k)]
  },
  'mulaw both ways, untouched': () => [untouched.toAgent(mulaw), untouched.toCaller(mulaw)],
  'μ-law decode, 160 bytes': () => decodeMulaw(mulaw, 0, 160, samples, 0),
  'μ-law encode, 160 samples': () => encodeMulaw(at8k, 160, bytes, 0),
  'linear16 decode, 480 samples': () => decodeLinear16(at24k, 0, 480, samples, 0),
  'linear16 encode, 960 samples': () => encodeLinear16(samples, 960, bytes, 0),
}

/** Microseconds per frame of every round, ascending. The results are kept, so that the work cannot be left out. */
function measure(run: () => unknown): number[] {
  let last: unknown
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now()
    for (let i = 0; i < frames; i++) last = run()
    return ((performance.now() - start) * 1000) / frames
  })
  if (last === null)
    throw new Error('A conversion gave nothing: the figures mean nothing. Look at voice/audio.')
  return times.sort((a, b) => a - b)
}

for (const run of Object.values(work)) measure(run)

console.log(`${'µs per 20 ms frame'.padEnd(34)}median     p10     p90`)
for (const [name, run] of Object.entries(work)) {
  const times = measure(run)
  const figures = [0.5, 0.1, 0.9].map(part => times[Math.floor(part * (rounds - 1))]!.toFixed(2).padStart(8))
  console.log(`${name.padEnd(32)}${figures.join('')}`)
}
