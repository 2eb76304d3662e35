import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type StandInAgent, startAgent } from '../support/agent.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { Caller } from '../support/caller.ts'
import { compareSpeech, samplesOf } from '../support/snr.ts'
import { startVoice } from '../support/voice.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url))

let api: TestApi
let agent: StandInAgent
let voice: Awaited<ReturnType<typeof startVoice>>
beforeAll(async () => {
  api = await startApi()
  agent = await startAgent()
  voice = await startVoice({
    apiUrl: api.url,
    key: await api.key('calls:write'),
    agentUrl: agent.url,
    audio: 'linear16',
    patience: { drain: 0, farewell: 0 },
  })
})
afterAll(async () => {
  await voice.close()
  await agent.close()
  await api.close()
})

test('recorded speech reaches the agent as a good resampler would have it', async () => {
  const caller = await new Caller({ voiceUrl: voice.url }).connect()
  const line = await agent.call()
  const settings = await line.settings()
  expect(settings.audio).toEqual({
    input: { encoding: 'linear16', sample_rate: 48_000 },
    output: { encoding: 'linear16', sample_rate: 24_000, container: 'none' },
  })
  const speech = fixture('caller.ulaw')
  // The filters hold the last milliseconds back until more sound comes.
  caller.speak(Buffer.concat([speech, Buffer.alloc(320, 0xff)]))
  const heard = await line.hears(speech.length * 12)
  const { snr } = compareSpeech(samplesOf(heard), samplesOf(gunzipSync(fixture('caller-48k.s16.gz'))), {
    rate: 48_000,
  })
  expect(snr).toBeGreaterThanOrEqual(40)
  expect(caller.faults).toEqual([])
  caller.drop()
})
