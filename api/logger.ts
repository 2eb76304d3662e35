import pino, { type Logger } from 'pino'

/**
 * JSON lines on stderr. Of an error only its kind, words, code and stack are written, without phone numbers: what a
 * database or a provider hangs on it besides may hold a guest's number or credentials.
 */
export function createLogger(level: string): Logger {
  return pino({ level, base: { process: 'api' }, serializers: { err: errorOf } }, pino.destination(2))
}

const withoutNumbers = (text = '') => text.replace(/\+\d{6,15}/g, '[number]')

function errorOf(error: unknown): object {
  if (!(error instanceof Error)) return { message: withoutNumbers(String(error)) }
  const { name, message, stack } = error
  return {
    type: name,
    message: withoutNumbers(message),
    code: (error as { code?: unknown }).code,
    stack: withoutNumbers(stack),
  }
}
