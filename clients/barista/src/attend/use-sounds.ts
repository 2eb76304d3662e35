import { computed, onScopeDispose, ref } from 'vue'
import type { Settings } from '../settings.ts'

/** What a sound tells, the most urgent first. */
export const sounds = ['lost', 'cancelled', 'changed', 'new'] as const
export type Sound = (typeof sounds)[number]

type Note = readonly [hertz: number, at: number, seconds: number]

/** Told apart by their tune, not by pitch alone: up for new, a trill for changed, down for cancelled, a low drone for lost. */
const tunes: Record<Sound, { wave: OscillatorType; notes: Note[] }> = {
  new: {
    wave: 'triangle',
    notes: [
      [659, 0, 0.18],
      [880, 0.16, 0.18],
      [1319, 0.32, 0.4],
    ],
  },
  changed: {
    wave: 'triangle',
    notes: [
      [988, 0, 0.12],
      [784, 0.12, 0.12],
      [988, 0.24, 0.12],
      [784, 0.36, 0.3],
    ],
  },
  cancelled: {
    wave: 'square',
    notes: [
      [587, 0, 0.25],
      [440, 0.25, 0.25],
      [294, 0.5, 0.5],
    ],
  },
  lost: {
    wave: 'sawtooth',
    notes: [
      [196, 0, 0.35],
      [196, 0.5, 0.35],
    ],
  },
}

/** Plays the console's sounds. Browsers keep a page silent until somebody has touched it, and that has to be said. */
export function useSounds(settings: Settings) {
  const context = new AudioContext()
  const state = ref(context.state)
  const look = () => (state.value = context.state)
  context.addEventListener('statechange', look)

  async function unlock(): Promise<void> {
    if (context.state !== 'running') await context.resume().catch(() => undefined)
    look()
  }

  /** @param delay in seconds, for one sound after another */
  function play(sound: Sound, delay = 0): void {
    if (settings.muted || context.state !== 'running') return
    const { wave, notes } = tunes[sound]
    for (const [hertz, at, seconds] of notes) {
      const start = context.currentTime + delay + at
      const tone = context.createOscillator()
      const loudness = context.createGain()
      tone.type = wave
      tone.frequency.value = hertz
      // Waves with many overtones are louder at the same height.
      loudness.gain.setValueAtTime(settings.volume * (wave === 'triangle' ? 0.9 : 0.35), start)
      loudness.gain.exponentialRampToValueAtTime(0.001, start + seconds)
      tone.connect(loudness).connect(context.destination)
      tone.start(start)
      tone.stop(start + seconds)
    }
  }

  const over = new AbortController()
  for (const touch of ['pointerup', 'keydown']) {
    addEventListener(touch, () => void unlock(), { signal: over.signal })
  }
  onScopeDispose(() => {
    over.abort()
    context.removeEventListener('statechange', look)
    void context.close()
  })
  return {
    play,
    unlock,
    /** The browser lets nothing be heard until the page was touched. */
    blocked: computed(() => !settings.muted && state.value !== 'running'),
  }
}
