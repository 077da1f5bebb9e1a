import { MediaFile } from "./contract"
import { Http, Refusal, Sending } from "./http"

/** How much goes in one request: what is lost at most where a connection breaks without a word. */
export const partSize = 8 * 1024 * 1024

const version = { "tus-resumable": "1.0.0" }

export interface TusUpload extends Sending {
  file: Blob
  metadata: Record<string, string>
  /** Makes a repeated beginning harmless. */
  idempotencyKey: string
  /** Where the upload lives, if it has begun. */
  address?: string
  /** Told once it has: with the address it goes on later, also on another page. */
  onBegun(address: string): void
}

/** The part of `Http` that it needs. */
export type TusHttp = Pick<Http, "send" | "call">

/**
 * A resumable upload (tus 1.0.0): begun, or taken up where the server has it, and sent in parts until it is whole.
 *
 * Throws as any call does; whatever has arrived by then stays, and the next try goes on behind it.
 */
export async function uploadResumably(http: TusHttp, upload: TusUpload): Promise<MediaFile> {
  const { file, signal, onProgress } = upload
  const standing = await find(http, upload) ?? { address: await begin(http, upload), offset: 0 }
  let { offset } = standing
  while (offset < file.size) {
    onProgress?.(offset)
    const start = offset
    const sent = await http.send("PATCH", standing.address, file.slice(start, start + partSize), {
      headers: { ...version, "content-type": "application/offset+octet-stream", "upload-offset": String(start) },
      signal,
      onProgress: (bytes) => onProgress?.(start + bytes),
    })
    offset = offsetIn(sent.header("upload-offset"), file.size)
    if (offset <= start) throw unavailable()
  }
  return http.call("GET", standing.address, { signal })
}

/** Gives up what was begun. A part that was on its way may hold it for a moment yet: then it is tried again. */
export async function endUpload(http: TusHttp, address: string, tries = 5): Promise<void> {
  try {
    await http.send("DELETE", address, null, { headers: version })
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "upload_locked" || tries <= 1) throw error
    const seconds = error.body.retryAfter ?? 1
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    await endUpload(http, address, tries - 1)
  }
}

/** Up to where the server has the file; nothing if it does not know of the upload (any more). */
async function find(http: TusHttp, { address, file, signal }: TusUpload) {
  if (!address) return undefined
  try {
    const answer = await http.send("HEAD", address, null, { headers: version, signal })
    return { address, offset: offsetIn(answer.header("upload-offset"), file.size) }
  } catch (error) {
    if (error instanceof Refusal && (error.status === 404 || error.status === 410)) return undefined
    throw error
  }
}

async function begin(http: TusHttp, upload: TusUpload): Promise<string> {
  const answer = await http.send("POST", "/api/media/tus/", null, {
    headers: {
      ...version, "upload-length": String(upload.file.size), "upload-metadata": metadata(upload.metadata),
      "idempotency-key": upload.idempotencyKey,
    },
    signal: upload.signal,
  })
  const location = answer.header("location")
  if (!location) throw unavailable()
  // Behind a proxy the server may not know by which name it was called; its path is enough.
  const address = location.replace(/^https?:\/\/[^/]*/, "")
  upload.onBegun(address)
  return address
}

function offsetIn(header: string | null, size: number): number {
  const offset = Number(header ?? NaN)
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > size) throw unavailable()
  return offset
}

/** `name base64,…` */
export function metadata(values: Record<string, string>): string {
  return Object.entries(values).map(([name, value]) => `${name} ${base64(value)}`).join(",")
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}

function unavailable(): Refusal {
  return new Refusal(0, { code: "unavailable", message: "The server answered what it should not." })
}
