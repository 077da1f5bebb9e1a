import { ErrorBody } from "./contract"

/** What a service refused, or why it could not be asked (`offline`, `timeout`). */
export class Refusal extends Error {
  constructor(readonly status: number, readonly body: ErrorBody) {
    super(body.message)
    this.name = "Refusal"
  }

  get code(): string {
    return this.body.code
  }
}

/** Knows who is signed in, and is told when the services do not agree. */
export interface SessionWatch {
  /** `null` while nobody is. */
  current(): number | null
  /** The services no longer know the session of this user. */
  refused(user: number): void
}

export interface CallOptions {
  body?: unknown
  query?: Record<string, string | number | undefined>
  /** Makes a repetition of a creating call harmless. */
  idempotencyKey?: string
  signal?: AbortSignal
}

/** While bytes go out. */
export interface Sending {
  /** How many have gone. */
  onProgress?: (bytes: number) => void
  signal?: AbortSignal
}

/** What came back. */
export interface Sent {
  body: unknown
  header(name: string): string | null
}

/** Calls of the services through the edge. The browser brings the cookie, which any answer may renew. */
export class Http {
  constructor(private readonly watch: SessionWatch) {}

  async call<Answer>(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const headers: Record<string, string> = {}
    if (options.body !== undefined) headers["content-type"] = "application/json"
    if (options.idempotencyKey) headers["idempotency-key"] = options.idempotencyKey
    const body = options.body === undefined ? undefined : JSON.stringify(options.body)
    const response = await this.fetch(withQuery(path, options.query), { method, headers, body, signal: options.signal })
    const text = response.status === 204 ? "" : await response.text()
    return (text ? JSON.parse(text) : undefined) as Answer
  }

  /** Sends a file as it is, in one piece. */
  async upload<Answer>(path: string, file: Blob, options: CallOptions & Sending): Promise<Answer> {
    const headers: Record<string, string> = { "content-type": file.type || "application/octet-stream" }
    if (options.idempotencyKey) headers["idempotency-key"] = options.idempotencyKey
    return (await this.send("POST", withQuery(path, options.query), file, { ...options, headers })).body as Answer
  }

  /** Sends bytes, telling how far they have come. `fetch` cannot tell, hence the older interface. */
  send(
    method: string, path: string, bytes: Blob | null, { headers, onProgress, signal }: Sending & { headers: Record<string, string> },
  ): Promise<Sent> {
    const user = this.watch.current()
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(offline())
      const request = new XMLHttpRequest()
      request.open(method, path)
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
      request.upload.onprogress = (event) => onProgress?.(event.loaded)
      request.onerror = () => reject(offline())
      request.onabort = () => reject(offline())
      request.onload = () => {
        this.learn(user, request.status)
        const body = parsed(request.responseText)
        if (request.status < 200 || request.status >= 300) {
          return reject(refusal(request.status, body, request.getResponseHeader("retry-after")))
        }
        resolve({ body, header: (name) => request.getResponseHeader(name) })
      }
      signal?.addEventListener("abort", () => request.abort())
      request.send(bytes)
    })
  }

  private async fetch(path: string, init: RequestInit): Promise<Response> {
    const user = this.watch.current()
    let response: Response
    try {
      response = await fetch(path, { ...init, credentials: "same-origin", cache: "no-store" })
    } catch {
      throw offline()
    }
    this.learn(user, response.status)
    if (response.ok) return response
    throw refusal(response.status, parsed(await response.text()), response.headers.get("retry-after"))
  }

  private learn(user: number | null, status: number): void {
    if (status === 401 && user !== null) this.watch.refused(user)
  }
}

function withQuery(path: string, query: CallOptions["query"]): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined)
  if (given.length === 0) return path
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function offline(): Refusal {
  return new Refusal(0, { code: "offline", message: "The server cannot be reached." })
}

/** Whatever stands between may answer without our body (a proxy's 502): that is `unavailable`. */
function refusal(status: number, answer: unknown, retryAfter: string | null): Refusal {
  const body = answer as Partial<ErrorBody> | undefined
  const seconds = body?.retryAfter ?? (Number(retryAfter) || undefined)
  if (typeof body?.code === "string") {
    return new Refusal(status, { ...body, code: body.code, message: body.message ?? body.code, retryAfter: seconds })
  }
  const code = status === 413 ? "too_large" : status >= 500 ? "unavailable" : "invalid_request"
  return new Refusal(status, { code, message: `HTTP ${status}`, retryAfter: seconds })
}
