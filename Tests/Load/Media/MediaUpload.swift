import AsyncHTTPClient
import ChatAPI
import Foundation
import NIOCore
import NIOHTTP1
import ServiceKit

/// One file by tus, over a line that breaks again and again.
struct MediaUpload: Sendable {
    let media: StartedMedia
    let pattern: Pattern
    let user: UserID
    /// Where the line breaks, and whether Media dies there too.
    let breaks: [(at: Int64, kills: Bool)]

    struct Result: Sendable {
        var seconds = 0.0
        var sent: Int64 = 0
        var interruptions = 0
        /// From the last byte's arrival to the answer: hash, store, row.
        var finishing = 0.0
        var url = ""
    }

    func run() async throws -> Result {
        let base = "http://\(self.media.target.host):\(self.media.target.port)"
        let metadata = ["filename": "pattern.bin", "chatroomId": "\(StartedMedia.chatroom)"]
            .map { "\($0.key) \(Data($0.value.utf8).base64EncodedString())" }.joined(separator: ",")
        let created = try await self.ask(
            .POST, base + "/api/media/tus/",
            [("Upload-Length", "\(self.pattern.size)"), ("Upload-Metadata", metadata)])
        guard created.status == .created, let location = created.headers.first(name: "location") else {
            throw RunError("no upload: \(created.status)")
        }
        var result = Result()
        let start = ContinuousClock.now
        var breaks = self.breaks[...]
        var offset: Int64 = 0
        while offset < self.pattern.size {
            let next = breaks.first
            let began = ContinuousClock.now
            let size = self.pattern.size
            do {
                let answer = try await self.ask(
                    .PATCH, base + location,
                    [("Upload-Offset", "\(offset)"), ("Content-Type", "application/offset+octet-stream")],
                    .stream(self.pattern.stream(from: offset, breakingAt: next?.at), length: .known(size - offset)))
                // What came before the line broke may still be on its way: then it is asked again where it goes on.
                guard [204, 409, 423].contains(answer.status.code) else {
                    throw RunError("a part was refused: \(answer.status)")
                }
            } catch let error where next != nil && !(error is RunError) {
                breaks.removeFirst()
                result.interruptions += 1
                if next?.kills == true {
                    await self.media.media.kill()
                    try await self.media.media.start()
                }
            }
            let now = try await self.offset(base + location)
            guard now >= offset else { throw RunError("it has gone back from \(offset) to \(now)") }
            result.sent += max(now - offset, (next?.at ?? size) - offset)
            offset = now
            if offset == size { result.finishing = (ContinuousClock.now - began) / .seconds(1) }
        }
        result.seconds = (ContinuousClock.now - start) / .seconds(1)
        let file = try await self.ask(.GET, base + location)
        let body = try await file.body.collect(upTo: 1 << 20)
        guard file.status == .ok else { throw RunError("no file: \(file.status)") }
        result.url = base + (try JSONDecoder().decode(MediaFile.self, from: Data(body.readableBytesView))).url
        return result
    }

    /// Whether what is stored is what was sent.
    func isWhole(_ url: String) async throws -> Bool {
        let head = try await self.ask(.HEAD, url)
        return head.headers.first(name: "etag") == "\"\(self.pattern.sha256)\""
            && head.headers.first(name: "content-length") == "\(self.pattern.size)"
    }

    /// As soon as nobody is at work on it any more.
    private func offset(_ url: String) async throws -> Int64 {
        let deadline = ContinuousClock.now + .seconds(30)
        var last: Int64 = -1
        while ContinuousClock.now < deadline {
            let answer = try await self.ask(.HEAD, url)
            guard answer.status == .ok, let offset = answer.headers.first(name: "upload-offset").flatMap({ Int64($0) })
            else { throw RunError("the upload is not there: \(answer.status)") }
            // What was on its way is still being written.
            if offset == last { return offset }
            last = offset
            try await Task.sleep(for: .milliseconds(50))
        }
        throw RunError("the upload does not come to rest")
    }

    private func ask(
        _ method: HTTPMethod, _ url: String, _ headers: [(String, String)] = [], _ body: HTTPClientRequest.Body? = nil
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers.add(name: "authorization", value: try self.media.authorization(of: self.user))
        request.headers.add(name: "tus-resumable", value: "1.0.0")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = body
        return try await HTTPClient.shared.execute(request, deadline: .distantFuture)
    }
}
