import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Contents in a bucket of an S3-compatible store, under the same names that they have on a disk.
struct S3Store: BlobStore {
    /// Larger ones go in parts: what breaks off is then sent again in parts only.
    static let usualPart: Int64 = 16 << 20
    private static let mostParts: Int64 = 10_000

    let client: S3Client
    /// For tests, smaller; S3 itself takes no less than 5 MiB.
    var partSize = Self.usualPart

    func store(_ path: String, size: Int64, as name: BlobName) async throws {
        guard let file = try await Disk.read({ try ReadableFile(path: path) }) else { throw BlobMissing() }
        guard size > self.partSize else {
            _ = try await self.client.call(.PUT, name.description, body: .file(file, 0..<size))
            return
        }
        try await self.storeInParts(file, size, name)
    }

    private func storeInParts(_ file: ReadableFile, _ size: Int64, _ name: BlobName) async throws {
        let begun = try await self.client.call(.POST, name.description, query: [("uploads", "")])
        guard let id = XMLText.first("UploadId", in: begun.text) else { throw S3Failed("no UploadId") }
        do {
            let step = max(self.partSize, (size + Self.mostParts - 1) / Self.mostParts)
            var list = ""
            for (index, start) in stride(from: 0, to: size, by: Int64.Stride(step)).enumerated() {
                let range = start..<min(start + step, size)
                let query = [("partNumber", "\(index + 1)"), ("uploadId", id)]
                let part = try await self.client.call(.PUT, name.description, query: query, body: .file(file, range))
                guard let tag = part.headers.first(name: "etag") else { throw S3Failed("no ETag") }
                list += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(tag)</ETag></Part>"
            }
            let whole = "<CompleteMultipartUpload>\(list)</CompleteMultipartUpload>"
            let answer = try await self.client.call(
                .POST, name.description, query: [("uploadId", id)], body: .bytes(Array(whole.utf8)))
            // It may fail after the status is sent.
            if answer.text.contains("<Error>") {
                throw S3Failed("S3: \(XMLText.first("Code", in: answer.text) ?? "an error")")
            }
        } catch {
            // Where this fails too, the bucket's own rule for unfinished uploads has to remove it.
            _ = try? await self.client.call(.DELETE, name.description, query: [("uploadId", id)])
            throw error
        }
    }

    func read(_ name: BlobName, _ part: Range<Int64>?) async throws -> BlobContent {
        if let part, part.isEmpty { return BlobContent(size: 0, chunks: AsyncThrowingStream { $0.finish() }) }
        let response = try await self.client.send(
            .GET, name.description, headers: part.map { [S3Range.header($0)] } ?? [])
        let range = try await S3Range.check(response, wanted: part)
        return BlobContent(
            size: Int64(range.count), chunks: S3Chunks(client: self.client, name: name, range: range, first: response))
    }

    func remove(_ name: BlobName) async throws {
        let response = try await self.client.send(.DELETE, name.description)
        guard (200..<300).contains(response.status.code) || response.status == .notFound else {
            throw await S3Failed(response)
        }
        _ = try await response.body.collect(upTo: 64 * 1024)
    }

    func list(after name: BlobName?, limit: Int) async throws -> [StoredBlob] {
        let prefix = self.client.location.prefix
        var last = name.map { prefix + $0.description }
        while true {
            var query = [("list-type", "2"), ("max-keys", "\(min(limit, 1_000))"), ("prefix", prefix)]
            if let last { query.append(("start-after", last)) }
            let answer = try await self.client.call(.GET, "", query: query)
            let entries = XMLText.all("Contents", in: answer.text)
            let found = entries.compactMap { entry -> StoredBlob? in
                guard let key = XMLText.first("Key", in: entry), key.hasPrefix(prefix),
                    let name = BlobName(path: String(key.dropFirst(prefix.count))),
                    let time = XMLText.first("LastModified", in: entry).flatMap(Self.date)
                else { return nil }
                return StoredBlob(name: name, storedAt: time)
            }
            // A bucket may hold what is none of ours.
            guard found.isEmpty, let key = entries.last.flatMap({ XMLText.first("Key", in: $0) }) else { return found }
            last = key
        }
    }

    private static func date(_ text: String) -> Date? {
        (try? Date(text, strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true)))
            ?? (try? Date(text, strategy: .iso8601))
    }
}

/// Ranges of a content, as asked for and as answered.
enum S3Range {
    static func header(_ range: Range<Int64>) -> (String, String) {
        ("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
    }

    /// - Returns: what will come.
    /// - Throws: ``BlobMissing``, ``BlobCutOff`` where it is another part than what was wanted.
    static func check(_ response: HTTPClientResponse, wanted: Range<Int64>?) async throws -> Range<Int64> {
        switch response.status {
        case .ok, .partialContent: break
        case .notFound: throw BlobMissing()
        case .rangeNotSatisfiable: throw BlobCutOff()
        default: throw await S3Failed(response)
        }
        guard let length = response.headers.first(name: "content-length").flatMap({ Int64($0) }), length >= 0 else {
            throw S3Failed("no Content-Length")
        }
        guard let wanted else { return 0..<length }
        // Some answer a part with 200; that it is this part, its header says.
        let first = response.headers.first(name: "content-range").flatMap { header in
            header.hasPrefix("bytes ") ? Int64(header.dropFirst(6).prefix { $0 != "-" }) : nil
        }
        guard length == Int64(wanted.count), first ?? (response.status == .ok ? 0 : -1) == wanted.lowerBound else {
            throw BlobCutOff()
        }
        return wanted
    }
}

/// A part of a content, which is asked for again from where it broke off.
struct S3Chunks: AsyncSequence, Sendable {
    /// Without a byte between them.
    private static let attempts = 3

    let client: S3Client
    let name: BlobName
    let range: Range<Int64>
    let first: HTTPClientResponse

    func makeAsyncIterator() -> Iterator { Iterator(content: self) }

    struct Iterator: AsyncIteratorProtocol {
        private let content: S3Chunks
        private var offset: Int64
        private var body: HTTPClientResponse.Body.AsyncIterator?
        private var failures = 0

        init(content: S3Chunks) {
            self.content = content
            self.offset = content.range.lowerBound
            self.body = content.first.body.makeAsyncIterator()
        }

        mutating func next() async throws -> ByteBuffer? {
            while self.offset < self.content.range.upperBound {
                do {
                    if self.body == nil { self.body = try await self.again() }
                    guard let chunk = try await self.body?.next() else { throw BlobCutOff() }
                    self.offset += Int64(chunk.readableBytes)
                    guard self.offset <= self.content.range.upperBound else {
                        throw S3Failed("more than was asked for")
                    }
                    self.failures = 0
                    return chunk
                } catch {
                    try Task.checkCancellation()
                    self.failures += 1
                    if self.failures == S3Chunks.attempts || error is BlobMissing { throw error }
                    self.body = nil
                    try await S3Client.wait(after: self.failures)
                }
            }
            return nil
        }

        private func again() async throws -> HTTPClientResponse.Body.AsyncIterator {
            let rest = self.offset..<self.content.range.upperBound
            let response = try await self.content.client.send(
                .GET, self.content.name.description, headers: [S3Range.header(rest)])
            _ = try await S3Range.check(response, wanted: rest)
            return response.body.makeAsyncIterator()
        }
    }
}
