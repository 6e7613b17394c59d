import type { ClientMessage, ServerMessage } from '../schema.ts'

/** The server closes a socket that sends more at once. */
const FRAME_BYTES = 60 * 1024
const FRAME_MESSAGES = 200

export interface SocketEvents {
  opened(): void
  received(messages: ServerMessage[]): void
  closed(code: number): void
}

/** One connection. After `close` no event comes any more. */
export interface Socket {
  send(messages: readonly ClientMessage[]): void
  close(): void
}

export type OpenSocket = (events: SocketEvents) => Socket

/** Opens a WebSocket to this address. */
export function socketTo(address: string): OpenSocket {
  return (events) => {
    const socket = new WebSocket(address)
    const ended = new AbortController()
    const { signal } = ended
    socket.addEventListener('open', () => events.opened(), { signal })
    socket.addEventListener('close', ({ code }) => events.closed(code), { signal })
    socket.addEventListener('message', ({ data }) => events.received(read(data)), { signal })
    return {
      send(messages) {
        if (socket.readyState !== WebSocket.OPEN) return
        for (const frame of frames(messages)) socket.send(frame)
      },
      close() {
        ended.abort()
        socket.close()
      },
    }
  }
}

function read(data: string): ServerMessage[] {
  const said = JSON.parse(data) as ServerMessage | ServerMessage[]
  return Array.isArray(said) ? said : [said]
}

const encoder = new TextEncoder()

/** The messages as text frames, as few as the server's limits allow. */
export function frames(messages: readonly ClientMessage[]): string[] {
  const made: string[] = []
  let parts: string[] = []
  let size = 2
  const flush = () => {
    if (parts.length) made.push(parts.length === 1 ? (parts[0] ?? '') : `[${parts.join(',')}]`)
    parts = []
    size = 2
  }
  for (const message of messages) {
    const text = JSON.stringify(message)
    const bytes = encoder.encode(text).length + 1
    if (size + bytes > FRAME_BYTES || parts.length === FRAME_MESSAGES) flush()
    parts.push(text)
    size += bytes
  }
  flush()
  return made
}
