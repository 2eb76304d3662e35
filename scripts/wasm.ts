/*
 * `npm run wasm` makes voice/audio/fir.wasm of fir.wat; with `--check` it says whether the two still belong together.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import wabtOf from 'wabt'

const source = new URL('../voice/audio/fir.wat', import.meta.url)
const binary = new URL('../voice/audio/fir.wasm', import.meta.url)

const wabt = await wabtOf()
const parsed = wabt.parseWat('fir.wat', readFileSync(source, 'utf8'), { simd: true })
const made = Buffer.from(parsed.toBinary({}).buffer)
if (!process.argv.includes('--check')) writeFileSync(binary, made)
else if (!made.equals(readFileSync(binary))) {
  process.stderr.write('voice/audio/fir.wasm is not what fir.wat says. Run `npm run wasm` and commit both.\n')
  process.exit(1)
}
