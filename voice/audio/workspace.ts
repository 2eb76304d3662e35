import { readFileSync } from 'node:fs'

/** The exports of fir.wat. Addresses and steps are bytes. */
interface Kernel {
  memory: { buffer: ArrayBuffer }
  fir(
    samples: number,
    step: number,
    taps: number,
    tapsEnd: number,
    out: number,
    outStep: number,
    outEnd: number,
  ): void
}

const file = readFileSync(new URL('fir.wasm', import.meta.url))
const kernel = new WebAssembly.Instance(new WebAssembly.Module(file)).exports as unknown as Kernel

const groups = 8

/**
 * Where the filters work: the memory of the kernel, shared by all calls one after the other. Besides the taps nothing in
 * it outlives a conversion.
 */
class Workspace {
  #reserved = 0

  /** Room for so many samples, at zero. @throws RangeError when the memory is used up */
  reserve(length: number): Float32Array {
    const room = new Float32Array(kernel.memory.buffer, this.#reserved, length)
    // The kernel reads whole groups, up to one beyond the end.
    this.#reserved += Float32Array.BYTES_PER_ELEMENT * groups * Math.ceil((length + groups) / groups)
    return room
  }

  /** Taps as the kernel wants them. */
  taps(taps: ArrayLike<number>): Float32Array {
    const padded = this.reserve(groups * Math.ceil(taps.length / groups))
    padded.set(taps)
    return padded
  }
}

export const workspace = new Workspace()

/**
 * Filters samples of the workspace: the inner product with `taps`, `count` times, `step` samples further on each time;
 * written to every `outStep`th place of `out` from `at` on.
 */
export function filter(
  samples: Float32Array,
  step: number,
  taps: Float32Array,
  count: number,
  out: Float32Array,
  at: number,
  outStep: number,
): void {
  const first = out.byteOffset + 4 * at
  const end = first + 4 * outStep * count
  kernel.fir(
    samples.byteOffset,
    4 * step,
    taps.byteOffset,
    taps.byteOffset + taps.byteLength,
    first,
    4 * outStep,
    end,
  )
}
