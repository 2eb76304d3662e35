/** Stands in for the compiler of messages, which vue-i18n names but never calls here: our messages are ready-made. */
export const COMPILE_ERROR_CODES_EXTEND_POINT = 17
export const CompileErrorCodes = {}
export const detectHtmlTag = (): boolean => false

export function defaultOnError(error: Error): never {
  throw error
}

export function createCompileError(code: number): Error {
  return Object.assign(new Error(`vue-i18n error ${code}`), { code })
}

export function baseCompile(): never {
  throw new Error('Messages are strings or functions here; there is nothing that compiles them.')
}
