import { onScopeDispose, type Ref, ref } from 'vue'

/** Two notes of a small bell, in Hz. */
const notes = [1_318.5, 987.8]
const apart = 0.22
const rings = 1.4

/** A chime, made rather than loaded, and whether the browser lets it be heard: most want a click or a key first. */
export function useChime(): { audible: Readonly<Ref<boolean>>; chime: () => void } {
  const context = new AudioContext()
  const audible = ref(false)
  const look = () => void (audible.value = context.state === 'running')
  const unlock = () => void context.resume().then(look, look)

  function chime(): void {
    // What is rung while nothing can be heard would be heard all at once later.
    if (context.state === 'running') notes.forEach((note, nth) => ring(context, note, nth * apart))
  }

  look()
  context.addEventListener('statechange', look)
  for (const touch of ['pointerdown', 'keydown']) addEventListener(touch, unlock)
  onScopeDispose(() => {
    for (const touch of ['pointerdown', 'keydown']) removeEventListener(touch, unlock)
    void context.close()
  })
  return { audible, chime }
}

function ring(context: AudioContext, frequency: number, delay: number): void {
  const begins = context.currentTime + delay
  const volume = context.createGain()
  volume.gain.setValueAtTime(0.0001, begins)
  volume.gain.exponentialRampToValueAtTime(0.5, begins + 0.01)
  volume.gain.exponentialRampToValueAtTime(0.0001, begins + rings)
  volume.connect(context.destination)
  const tone = new OscillatorNode(context, { frequency })
  tone.connect(volume)
  tone.start(begins)
  tone.stop(begins + rings)
}
