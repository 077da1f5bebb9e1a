import assert from "node:assert/strict"
import { test } from "node:test"
import { Refusal } from "./http"
import { TusHttp, endUpload, metadata, partSize, uploadResumably } from "./tus"

const media = { id: "m", url: "/api/media/files/m/tea", name: "tea", type: "", size: 0 }

/** A server that takes `parts` parts and then breaks, until it is asked again. */
class Server {
  offset = 0
  known = true
  readonly asked: string[] = []
  private left: number

  constructor(parts = Infinity) {
    this.left = parts
  }

  readonly http: TusHttp = {
    send: async (method, path, bytes, { headers }) => {
      this.asked.push(`${method} ${path}`)
      if (method === "HEAD" && !this.known) throw new Refusal(404, { code: "upload_not_found", message: "" })
      if (method === "PATCH") {
        assert.equal(headers["upload-offset"], String(this.offset))
        if (this.left-- <= 0) throw new Refusal(0, { code: "offline", message: "" })
        this.offset += bytes?.size ?? 0
      }
      const answers: Record<string, string> = { location: "http://other/api/media/tus/1", "upload-offset": String(this.offset) }
      return { body: undefined, header: (name) => answers[name] ?? null }
    },
    call: async <Answer>(method: string, path: string) => {
      this.asked.push(`${method} ${path}`)
      return media as Answer
    },
  }
}

function upload(server: Server, size: number, address?: string) {
  const begun: string[] = []
  const progress: number[] = []
  const done = uploadResumably(server.http, {
    file: new Blob([new Uint8Array(size)]), metadata: {}, idempotencyKey: "", address,
    onBegun: (place) => begun.push(place), onProgress: (bytes) => progress.push(bytes),
  })
  return { done, begun, progress }
}

test("a file goes in parts, and its address is told before the first", async () => {
  const server = new Server()
  const { done, begun, progress } = upload(server, 2 * partSize + 5)
  assert.equal(await done, media)
  assert.deepEqual(begun, ["/api/media/tus/1"])
  assert.deepEqual(progress, [0, partSize, 2 * partSize])
  assert.equal(server.offset, 2 * partSize + 5)
})

test("what broke off goes on where the server has it", async () => {
  const server = new Server(1)
  await assert.rejects(upload(server, 2 * partSize).done, { code: "offline" })
  server.asked.length = 0
  const again = new Server()
  again.offset = partSize
  assert.equal(await upload(again, 2 * partSize, "/api/media/tus/1").done, media)
  assert.deepEqual(again.asked, ["HEAD /api/media/tus/1", "PATCH /api/media/tus/1", "GET /api/media/tus/1"])
})

test("what the server has whole is only asked for, and what it has forgotten begins anew", async () => {
  const whole = new Server()
  whole.offset = 7
  assert.equal(await upload(whole, 7, "/api/media/tus/1").done, media)
  assert.deepEqual(whole.asked, ["HEAD /api/media/tus/1", "GET /api/media/tus/1"])
  const forgotten = new Server()
  forgotten.known = false
  const { done, begun } = upload(forgotten, 7, "/api/media/tus/0")
  await done
  assert.deepEqual(begun, ["/api/media/tus/1"])
})

test("an upload is ended once no part is on its way any more", async () => {
  let locked = 2
  const asked: string[] = []
  const http: TusHttp = {
    send: async (method) => {
      asked.push(method)
      if (locked-- > 0) throw new Refusal(423, { code: "upload_locked", message: "", retryAfter: 0 })
      return { body: undefined, header: () => null }
    },
    call: () => Promise.reject(new Error("not asked")),
  }
  await endUpload(http, "/api/media/tus/1")
  assert.deepEqual(asked, ["DELETE", "DELETE", "DELETE"])
  locked = Infinity
  await assert.rejects(endUpload(http, "/api/media/tus/1", 2), { code: "upload_locked" })
})

test("names of any language go into the metadata", () => {
  assert.equal(metadata({ filename: "茶.zip", chatroomId: "7" }), "filename 6Iy2LnppcA==,chatroomId Nw==")
})
