import twilio from 'twilio'

const { VoiceResponse } = twilio.twiml

export interface StreamDocument {
  /** Address of the media stream, wss. */
  streamUrl: string
  /** Asked when the stream has ended. */
  actionUrl: string
  /** Told when a stream could not be opened. */
  statusUrl: string
  token: string
}

/** The call is answered and its sound goes to us. */
export function connectTwiml({ streamUrl, actionUrl, statusUrl, token }: StreamDocument): string {
  const response = new VoiceResponse()
  response.say('Connecting you to the Deepgram Boba Rista.')
  response
    .connect({ action: actionUrl, method: 'POST' })
    .stream({ url: streamUrl, statusCallback: statusUrl, statusCallbackMethod: 'POST' })
    .parameter({ name: 'token', value: token })
  return response.toString()
}

/** A sentence, then the shop's own phone when there is one, else the end of the call. Never a silent open line. */
export function handOverTwiml(sentence: string, number: string | undefined, afterDialUrl: string): string {
  const response = new VoiceResponse()
  response.say(sentence)
  if (number) response.dial({ action: afterDialUrl, method: 'POST', timeout: 20 }, number)
  else response.hangup()
  return response.toString()
}

/** A last sentence, if any, and the end of the call. */
export function hangUpTwiml(sentence?: string): string {
  const response = new VoiceResponse()
  if (sentence) response.say(sentence)
  response.hangup()
  return response.toString()
}
