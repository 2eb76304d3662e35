import { EventEmitter } from 'node:events'
import { crc16 } from './crc16.ts'

/*
 * Text as sound inside the voice band, so that words survive μ-law at 8 kHz and any resampling on the way.
 *
 * Continuous-phase 4-FSK, 800 symbols a second, two bits each: 200 bytes a second, ten times as fast as speech. The
 * tones are one symbol rate apart, which makes them orthogonal over a symbol, and lie within the 300–3400 Hz of a
 * telephone line. A message is
 *   lead-in · sync word · length (2 bytes, big endian) · UTF-8 · CRC-16 of length and text · lead-out · silence
 * Both ends count samples of the same clock, so one sync word gives the timing of a whole message.
 */
const symbolRate = 800
const tones = [600, 1400, 2200, 3000]
/** Times a symbol is looked at while a sync word is searched for; also the looks that make up one symbol. */
const looksPerSymbol = 10
const looksPerSecond = symbolRate * looksPerSymbol
/** All tones are multiples of it, so that one table of sines holds whole periods of each. */
const commonTone = 200

/** Lets gain controls and filters settle before the first symbol that counts. */
const leadIn = [0, 2, 0, 2]
/** Chosen to look little like itself when shifted; its first byte, 0xC1, never occurs in UTF-8. */
const syncWord = [3, 0, 0, 1, 1, 2, 1, 3, 2, 3, 2, 1, 1, 0, 3, 1]
/** Pushes the last symbols through filters that hold a few milliseconds back. */
const leadOut = [1, 1, 1, 1]

const amplitude = 10_000
const fadeSeconds = 0.002
const silenceSeconds = 0.02
const longestText = 0xffff

/** A window is a clear symbol when its tone holds at least this share of the energy of all four tones. */
const clearShare = 0.6
/** Mean square of a sample below which nothing is searched for: the hiss of an idle line. */
const idlePower = 30 ** 2
/** So long nothing at all may come in the middle of a message, in seconds: when sound is late, it is heard through. */
const longestGap = 1
/** Energy of a symbol, compared with the sync word, at which the message counts as cut off. */
const lostShare = 0.1
const symbolsLost = 3

function samplesPerSymbol(sampleRate: number): number {
  if (!(sampleRate > 0) || sampleRate % looksPerSecond !== 0) {
    throw new RangeError(`The modem works at multiples of ${looksPerSecond} Hz, not at ${sampleRate} Hz.`)
  }
  return sampleRate / symbolRate
}

function symbolsOf(bytes: Uint8Array): number[] {
  return Array.from(bytes, byte => [byte >> 6, (byte >> 4) & 3, (byte >> 2) & 3, byte & 3]).flat()
}

/**
 * One text as 16-bit samples.
 * @param sampleRate samples a second, a multiple of 8000
 * @throws RangeError on another rate, or a text of more than 65535 bytes
 */
export function modulate(text: string, sampleRate: number): Int16Array {
  const perSymbol = samplesPerSymbol(sampleRate)
  const words = new TextEncoder().encode(text)
  if (words.length > longestText) throw new RangeError(`A message holds ${longestText} bytes at most.`)
  const frame = Uint8Array.of(words.length >> 8, words.length & 0xff, ...words)
  const check = crc16(frame)
  const body = symbolsOf(Uint8Array.of(...frame, check >> 8, check & 0xff))
  const symbols = [...leadIn, ...syncWord, ...body, ...leadOut]

  const length = symbols.length * perSymbol
  const fade = Math.round(fadeSeconds * sampleRate)
  const samples = new Int16Array(length + Math.round(silenceSeconds * sampleRate))
  let phase = 0
  for (let at = 0; at < length; at++) {
    const edge = Math.min(at + 1, length - at, fade) / fade
    samples[at] = Math.round(amplitude * edge * Math.sin(phase))
    phase += (2 * Math.PI * tones[symbols[Math.floor(at / perSymbol)]!]!) / sampleRate
  }
  return samples
}

interface Events {
  /** Somebody has begun to speak: a sync word was heard. */
  carrier: []
  /** A whole message whose check sum is right. */
  text: [text: string]
  /** A message that was cut off or damaged. */
  garbled: []
}

/** A place, in looks, and how sure it is. */
interface Sync {
  look: number
  share: number
  energy: number
}

/** A message being received. */
interface Message {
  /** Look at which the next symbol is complete. */
  next: number
  /** Energy of a symbol of the sync word. */
  energy: number
  /** The two bits of each symbol so far. */
  symbols: number[]
  weak: number
}

/**
 * Hears the texts in a stream of samples. Feed it everything, silence as well: silence is how it notices that a
 * message was cut off. One at a time per stream.
 */
export class Demodulator extends EventEmitter<Events> {
  readonly #samplesPerLook: number
  /** For each sample of a common period, cosine and sine of each tone. */
  readonly #waves: Float64Array
  #sample = 0

  /** Correlation with each wave during the look under way, and during the last looks that fill a symbol. */
  readonly #current = new Float64Array(tones.length * 2)
  readonly #looks = new Float64Array(tones.length * 2 * looksPerSymbol)
  #look = 0

  /** What each of the last looks saw, as long as a sync word. */
  readonly #symbol = new Uint8Array(syncWord.length * looksPerSymbol)
  readonly #share = new Float64Array(syncWord.length * looksPerSymbol)
  readonly #energy = new Float64Array(syncWord.length * looksPerSymbol)

  #sync: Sync | undefined
  #message: Message | undefined
  readonly #longestGap: number
  /** Zeros in a row. */
  #zeros = 0

  /**
   * @param sampleRate samples a second, a multiple of 8000
   * @throws RangeError on another rate
   */
  constructor(sampleRate: number) {
    super()
    this.#samplesPerLook = samplesPerSymbol(sampleRate) / looksPerSymbol
    this.#longestGap = longestGap * sampleRate
    const period = sampleRate / commonTone
    this.#waves = Float64Array.from({ length: period * tones.length * 2 }, (_, at) => {
      const tone = tones[(at >> 1) % tones.length]!
      const angle = (2 * Math.PI * tone * Math.floor(at / (tones.length * 2))) / sampleRate
      return at % 2 === 0 ? Math.cos(angle) : Math.sin(angle)
    })
  }

  /** Whether a message is being heard right now. */
  get receiving(): boolean {
    return this.#message !== undefined || this.#sync !== undefined
  }

  /** Takes samples in any portions. */
  push(samples: Int16Array): void {
    for (const value of samples) {
      if (value === 0) {
        if (++this.#zeros === this.#longestGap) this.#giveUp()
        continue
      }
      // A tone passes through zero, but is not there for two samples: those are a gap, after which it goes on.
      if (this.#zeros === 1) this.#take(0)
      this.#zeros = 0
      this.#take(value)
    }
  }

  #take(value: number): void {
    const width = tones.length * 2
    const from = (this.#sample * width) % this.#waves.length
    for (let wave = 0; wave < width; wave++) {
      this.#current[wave] = this.#current[wave]! + value * this.#waves[from + wave]!
    }
    this.#sample++
    if (this.#sample % this.#samplesPerLook > 0) return
    this.#looks.set(this.#current, (this.#look % looksPerSymbol) * width)
    this.#current.fill(0)
    this.#lookAtSymbol()
    this.#seekSync()
    this.#readOn()
    this.#look++
  }

  /** Which tone fills the last symbol's length of samples (non-coherent: its phase does not matter). */
  #lookAtSymbol(): void {
    const width = tones.length * 2
    let best = 0
    let most = 0
    let all = 0
    for (let tone = 0; tone < tones.length; tone++) {
      let real = 0
      let imaginary = 0
      for (let at = tone * 2; at < this.#looks.length; at += width) {
        real += this.#looks[at]!
        imaginary += this.#looks[at + 1]!
      }
      const energy = real * real + imaginary * imaginary
      all += energy
      if (energy > most) {
        most = energy
        best = tone
      }
    }
    const slot = this.#look % this.#symbol.length
    this.#symbol[slot] = best
    this.#energy[slot] = most
    this.#share[slot] = all > 0 ? most / all : 0
  }

  /**
   * A sync word fits at several neighbouring looks: the clearest of them is the middle of the symbols. It is searched
   * for during a message as well, because a message may be cut off and a new one begin at once.
   */
  #seekSync(): void {
    const found = this.#syncHere()
    if (found && found.share > (this.#sync?.share ?? 0)) this.#sync = found
    const sync = this.#sync
    if (!sync || this.#look - sync.look < looksPerSymbol / 2) return
    this.#sync = undefined
    if (this.#message) this.#end()
    this.#message = { next: sync.look + looksPerSymbol, energy: sync.energy, symbols: [], weak: 0 }
    this.emit('carrier')
  }

  #syncHere(): Sync | undefined {
    if (this.#message?.symbols.length === 0) return undefined
    const length = this.#symbol.length
    const first = this.#look + length - (syncWord.length - 1) * looksPerSymbol
    let share = 0
    let energy = 0
    for (const [at, symbol] of syncWord.entries()) {
      const slot = (first + at * looksPerSymbol) % length
      if (this.#symbol[slot] !== symbol) return undefined
      share += this.#share[slot]! / syncWord.length
      energy += this.#energy[slot]! / syncWord.length
    }
    // A sine of amplitude A over n samples correlates to (A n / 2)², and its mean square is A² / 2.
    const samples = this.#samplesPerLook * looksPerSymbol
    const power = (2 * energy) / samples ** 2
    return share >= clearShare && power >= idlePower ? { look: this.#look, share, energy } : undefined
  }

  #readOn(): void {
    const message = this.#message
    if (!message || this.#look < message.next) return
    const slot = this.#look % this.#symbol.length
    message.next += looksPerSymbol
    message.symbols.push(this.#symbol[slot]!)
    message.weak = this.#energy[slot]! < lostShare * message.energy ? message.weak + 1 : 0
    if (message.weak >= symbolsLost) this.#end()
    else if (message.symbols.length >= symbolsIn(message)) this.#end(textOf(message))
  }

  /** Nothing comes any more. */
  #giveUp(): void {
    this.#sync = undefined
    if (this.#message) this.#end()
  }

  #end(text?: string): void {
    this.#message = undefined
    if (text === undefined) this.emit('garbled')
    else this.emit('text', text)
  }
}

function byteAt({ symbols }: Message, index: number): number {
  return symbols.slice(index * 4, index * 4 + 4).reduce((byte, bits) => (byte << 2) | bits, 0)
}

/** How many symbols the message has, which is known once its length is there. */
function symbolsIn(message: Message): number {
  if (message.symbols.length < 8) return Infinity
  return ((byteAt(message, 0) << 8) + byteAt(message, 1) + 4) * 4
}

function textOf(message: Message): string | undefined {
  const bytes = Uint8Array.from({ length: message.symbols.length / 4 }, (_, at) => byteAt(message, at))
  const check = (bytes.at(-2)! << 8) | bytes.at(-1)!
  if (crc16(bytes.subarray(0, -2)) !== check) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(2, -2))
  } catch {
    return undefined
  }
}
