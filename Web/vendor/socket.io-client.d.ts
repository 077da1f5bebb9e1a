// The part of the official client (4.8.1, MIT) that is used here. The package that holds its script has no types.

export interface ManagerOptions {
  path: string
  transports: string[]
  auth: (answer: (payload: object) => void) => void
  autoConnect: boolean
  reconnectionDelay: number
  reconnectionDelayMax: number
  randomizationFactor: number
}

export interface ConnectError extends Error {
  data?: { code?: string; message?: string }
}

export interface Socket {
  readonly connected: boolean
  /** Whether the client goes on trying by itself. */
  readonly active: boolean
  connect(): this
  disconnect(): this
  on(event: "connect", listener: () => void): this
  on(event: "disconnect", listener: (reason: string) => void): this
  on(event: "connect_error", listener: (error: ConnectError) => void): this
  on(event: string, listener: (payload: never) => void): this
  removeAllListeners(): this
  timeout(milliseconds: number): Pick<Socket, "emitWithAck">
  /** Rejects when the time given by `timeout` has passed or the socket has gone. */
  emitWithAck(event: string, ...payload: unknown[]): Promise<unknown>
}

export function io(options: Partial<ManagerOptions>): Socket
