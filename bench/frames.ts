/*
 * WebSocket frames (RFC 6455, section 5.2) for the driver, which writes frames it has made once and looks at nothing of
 * what comes but where a frame ends: with `ws` at both ends of both sockets it would be used up before the bridge is.
 */

export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 }

/**
 * A whole frame.
 * @param masked as a client's frames have to be; with the key 0, which leaves the payload as it is
 */
export function frameOf(opcode: number, payload: Buffer | string, masked: boolean): Buffer {
  const body = Buffer.from(payload)
  const mask = masked ? 0x80 : 0
  const head = body.length < 126 ? [mask | body.length] : [mask | 126, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([0x80 | opcode, ...head]), Buffer.alloc(masked ? 4 : 0), body])
}

/** Where a frame ends; nothing when not even its head is there. */
function endOf(data: Buffer, at: number): number | undefined {
  if (data.length < at + 2) return undefined
  const length = data[at + 1]! & 0x7f
  const masked = data[at + 1]! & 0x80 ? 4 : 0
  if (length < 126) return at + 2 + masked + length
  const bytes = length === 126 ? 2 : 8
  if (data.length < at + 2 + bytes) return undefined
  // Only the lower half of an eight-byte length: nothing here is 4 GiB long.
  const long = length === 126 ? data.readUInt16BE(at + 2) : data.readUInt32BE(at + 6)
  return at + 2 + bytes + masked + long
}

/** Finds the frames in what a socket receives. @param found is told the opcode of each, once it is complete */
export function frameReader(found: (opcode: number) => void): (chunk: Buffer) => void {
  let rest: Buffer | undefined
  return chunk => {
    const data = rest ? Buffer.concat([rest, chunk]) : chunk
    let at = 0
    for (let end = endOf(data, at); end !== undefined && end <= data.length; end = endOf(data, at)) {
      found(data[at]! & 0x0f)
      at = end
    }
    rest = at < data.length ? data.subarray(at) : undefined
  }
}
