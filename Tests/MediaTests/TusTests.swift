import ChatAPI
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import NIOCore
import Postgres
import ServiceKit
import Synchronization
import Testing

@testable import Media

@Suite struct TusTests {
    private let content = [UInt8]((0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })

    @Test func `an upload comes in parts, and becomes a file by the same rules as one in a request`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let tus = Tus(client: client, media: media)
                let id = try await tus.create(self.content.count, "a.bin", chatroom: .lobby)
                #expect(try await tus.offset(id) == 0)
                #expect(try await tus.patch(id, at: 0, self.content[..<300_000]).offset == "300000")
                #expect(try await tus.offset(id) == 300_000)
                let early = try await client.execute(uri: id, method: .get, headers: try media.headers(.alice))
                #expect(early.status == .conflict)
                #expect(try early.decode(ErrorBody.self).code == "upload_unfinished")
                let last = try await tus.patch(id, at: 300_000, self.content[300_000...])
                #expect(last.status == .noContent && last.offset == "700000")
                let file = try await client.execute(uri: id, method: .get, headers: try media.headers(.alice))
                    .decode(MediaFile.self)
                #expect(file.name == "a.bin" && file.size == 700_000)
                let read = try await client.execute(uri: file.url, method: .get, headers: try media.headers(.bob))
                #expect(read.bytes == self.content)
                #expect(read.headers[.eTag] == "\"\(ContentHash(Array(SHA256.hash(data: self.content))))\"")
                // The answer may be lost; who asks again hears the same.
                #expect(try await tus.offset(id) == 700_000)
                #expect(try await tus.patch(id, at: 700_000, []).status == .noContent)
            }
            #expect(media.stored().partial == [])
        }
    }

    @Test func `an image loses what it tells, and one that is broken ends its upload`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let tus = Tus(client: client, media: media)
                let image = Images.png(64, 48)
                let id = try await tus.create(image.count + 30, "a.png", chatroom: .lobby)
                #expect(
                    try await tus.patch(id, at: 0, (image + Array("<script>alert(1)</script>     ".utf8))[...]).status
                        == .noContent)
                let file = try await client.execute(uri: id, method: .get, headers: try media.headers(.alice))
                    .decode(MediaFile.self)
                #expect(file.type == "image/png" && file.size == image.count && file.width == 64)
                let broken = try await tus.create(30, "b.png", chatroom: .lobby)
                #expect(try await tus.patch(broken, at: 0, image[..<30]).status == .badRequest)
                #expect(try await tus.head(broken).status == .notFound)
            }
            #expect(media.stored().blobs.count == 1)
            #expect(media.stored().partial == [])
        }
    }

    @Test func `M05: another's upload is not there, for anything`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let tus = Tus(client: client, media: media)
                let id = try await tus.create(10, "a", chatroom: .lobby)
                for user in [UserID.bob, .mallory] {
                    let other = Tus(client: client, media: media, user: user)
                    #expect(try await other.head(id).status == .notFound)
                    #expect(try await other.patch(id, at: 0, [1, 2, 3]).status == .notFound)
                    #expect(try await other.delete(id).status == .notFound)
                    let hidden = try await client.execute(uri: id, method: .get, headers: try media.headers(user))
                    let missing = try await client.execute(
                        uri: "/api/media/tus/\(UUID())", method: .get, headers: try media.headers(user))
                    #expect(hidden.status == .notFound && hidden.bytes == missing.bytes)
                }
                #expect(try await client.execute(uri: id, method: .head).status == .unauthorized)
                #expect(try await tus.offset(id) == 0)
                let stranger = Tus(client: client, media: media, user: .mallory)
                #expect(try await stranger.post(10, "a", chatroom: .lobby).status == .notFound)
            }
        }
    }

    @Test func `M05: a wrong place is a conflict, a wrong checksum 460, and neither leaves a byte`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let tus = Tus(client: client, media: media)
                let id = try await tus.create(20, "a", chatroom: .lobby)
                #expect(try await tus.patch(id, at: 0, [1, 2, 3, 4, 5]).status == .noContent)
                for offset in [0, 4, 6, 20] {
                    #expect(try await tus.patch(id, at: offset, [9]).status == .conflict)
                }
                let bytes: [UInt8] = [6, 7, 8]
                let sha1 = Data(Insecure.SHA1.hash(data: bytes)).base64EncodedString()
                let sha256 = Data(SHA256.hash(data: bytes)).base64EncodedString()
                for (checksum, status) in [
                    ("sha1 \(sha256)", 460), ("sha256 \(sha1)", 460), ("md5 \(sha1)", 400), ("sha1", 400),
                ] {
                    let answer = try await tus.patch(id, at: 5, bytes[...], checksum: checksum)
                    #expect(answer.status.code == status)
                    #expect(try await tus.offset(id) == 5)
                }
                #expect(try await tus.patch(id, at: 5, bytes[...], checksum: "sha1 \(sha1)").offset == "8")
                #expect(try await tus.patch(id, at: 8, bytes[...], checksum: "sha256 \(sha256)").offset == "11")
                #expect(try await tus.patch(id, at: 11, Array(repeating: 0, count: 10)[...]).status == .contentTooLarge)
                #expect(try await tus.offset(id) == 11)
            }
        }
    }

    @Test func `what came before the line broke counts, unless it had a checksum`() async throws {
        try await withMedia { media in
            let uploader = media.parts.resumable
            let upload = try await uploader.begin(
                NewUpload(owner: .alice, name: "a", length: 600_000, isResumable: true), key: nil)
            func breakOff(_ checksum: UploadChecksum?, at offset: Int64) async throws {
                let half = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                    continuation.yield(ByteBuffer(repeating: 1, count: 300_000))
                    continuation.yield(ByteBuffer(repeating: 2, count: 10))
                    continuation.finish(throwing: ChannelError.inputClosed)
                }
                await #expect(throws: ChannelError.self) {
                    _ = try await uploader.append(
                        .init(asyncSequence: half), announced: nil, checksum: checksum, at: offset, to: upload.id,
                        of: .alice)
                }
            }
            try await breakOff(try UploadChecksum("sha1 AAAA"), at: 0)
            #expect(try await uploader.find(upload.id, of: .alice).offset == 0)
            try await breakOff(nil, at: 0)
            #expect(try await uploader.find(upload.id, of: .alice).offset == 300_010)
        }
    }

    @Test func `a process that dies takes nothing along, and bytes without their checksum do not count`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let tus = Tus(client: client, media: media)
                let id = try await tus.create(1_000, "a", chatroom: .lobby)
                #expect(try await tus.patch(id, at: 0, Array(repeating: 1, count: 100)[...]).status == .noContent)
                let uuid = try #require(UUID(uuidString: String(id.suffix(36))))
                // As a kill leaves it: bytes in the file of which no row says anything.
                try media.parts.partial.open(uuid).append(Array(repeating: 2, count: 50))
                #expect(try await tus.offset(id) == 150)
                // And with a checksum, which is looked at when all of a part has come.
                _ = try await media.parts.uploads.touch(uuid, unchecked: 120, lifetime: .seconds(60))
                #expect(try await tus.offset(id) == 120)
                #expect(try await tus.patch(id, at: 150, [3]).status == .conflict)
                #expect(try await tus.patch(id, at: 120, Array(repeating: 3, count: 880)[...]).status == .noContent)
                let file = try await client.execute(uri: id, method: .get, headers: try media.headers(.alice))
                    .decode(MediaFile.self)
                let read = try await client.execute(uri: file.url, method: .get, headers: try media.headers(.alice))
                #expect(
                    read.bytes == Array(repeating: 1, count: 100) + Array(repeating: 2, count: 20)
                        + Array(repeating: 3, count: 880))
            }
        }
    }

    @Test func `two requests at once do not both go on with an upload`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let tus = Tus(client: client, media: media)
                let id = try await tus.create(10, "a", chatroom: .lobby)
                let uuid = try #require(UUID(uuidString: String(id.suffix(36))))
                let file = try media.parts.partial.open(uuid)
                let refused = try await tus.patch(id, at: 0, [1])
                #expect(refused.status.code == 423 && refused.headers[.retryAfter] == "1")
                #expect(try await tus.delete(id).status.code == 423)
                #expect(try await tus.offset(id) == 0, "who only asks is answered")
                withExtendedLifetime(file) {}
            }
            try await media.public.test(.router) { client in
                let tus = Tus(client: client, media: media)
                let id = try await tus.create(200, "a", chatroom: .lobby)
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<20 {
                        group.addTask {
                            try await tus.patch(id, at: 0, Array(repeating: UInt8(number), count: 100)[...]).status.code
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(statuses.count { $0 == 204 } == 1)
                #expect(Set(statuses).isSubset(of: [204, 409, 423]))
                #expect(try await tus.offset(id) == 100)
            }
        }
    }

    @Test func `an upload that is ended, or that expires, is gone with its bytes and gives back its room`() async throws
    {
        try await withMedia(quota: 1_000) { media in
            try await media.public.test(.router) { client in
                let tus = Tus(client: client, media: media)
                let id = try await tus.create(1_000, "a", chatroom: .lobby)
                #expect(try await tus.patch(id, at: 0, [1, 2]).status == .noContent)
                let full = try await tus.post(1, "b", chatroom: .lobby)
                #expect(full.status == .contentTooLarge)
                #expect(try full.decode(ErrorBody.self).code == "quota_exceeded")
                #expect(try await tus.delete(id).status == .noContent)
                #expect(try await tus.head(id).status == .notFound)
                #expect(media.stored().partial == [])

                let second = try await tus.create(1_000, "a", chatroom: .lobby)
                try await media.sweeper.endUploads()
                #expect(try await tus.offset(second) == 0, "it is young")
                try await media.sweeper.store.postgres.execute(
                    "UPDATE media.uploads SET expires_at = statement_timestamp() - interval '1 second'")
                #expect(try await tus.head(second).status == .notFound)
                #expect(
                    try await tus.post(1_000, "b", chatroom: .lobby).status == .created, "it holds nothing any more")
                try await media.sweeper.endUploads()
                #expect(media.stored().partial.count == 1)
            }
        }
    }

    @Test func `who has left the chatroom meanwhile finishes nothing`() async throws {
        try await withMedia { media in
            let uploader = media.parts.resumable
            let upload = try await uploader.begin(
                NewUpload(owner: .alice, chatroom: .lobby, name: "a", length: 1, isResumable: true), key: nil)
            media.social.members.withLock { $0[.lobby] = [.bob] }
            media.clock.advance(by: .milliseconds(500))
            await #expect(throws: MediaError.chatroomNotFound) {
                _ = try await uploader.append(
                    .init(buffer: ByteBuffer(string: "x")), announced: 1, checksum: nil, at: 0, to: upload.id,
                    of: .alice)
            }
            #expect(media.stored().blobs == [] && media.stored().partial == [])
        }
    }

    @Test func `the first part may come with the creation, nothing at all is a file, and a key makes one upload`()
        async throws
    {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let tus = Tus(client: client, media: media)
                let whole = try await tus.post(3, "a", chatroom: .lobby, body: [1, 2, 3])
                #expect(whole.status == .created && whole.offset == "3")
                let empty = try await tus.post(0, "b", chatroom: nil)
                for answer in [whole, empty] {
                    let id = try #require(answer.headers[.location])
                    #expect(
                        try await client.execute(uri: id, method: .get, headers: try media.headers(.alice)).status
                            == .ok)
                }
                let key = UUID()
                let first = try await tus.post(3, "c", chatroom: .lobby, key: key)
                let second = try await tus.post(3, "c", chatroom: .lobby, key: key)
                #expect(first.headers[.location] == second.headers[.location] && second.status == .created)
            }
        }
    }

    @Test func `an image that is going to be too large is refused with its first bytes`() async throws {
        var limits = UploadLimits()
        (limits.fileBytes, limits.imageBytes) = (1_000_000, 100_000)
        try await withMedia(limits: limits) { media in
            try await media.public.test(.router) { client in
                let tus = Tus(client: client, media: media)
                #expect(try await tus.post(1_000_001, "a", chatroom: .lobby).status == .contentTooLarge)
                let id = try await tus.create(100_001, "a", chatroom: .lobby)
                #expect(try await tus.patch(id, at: 0, Images.png(8, 8)[...]).status == .contentTooLarge)
            }
        }
    }

    @Test(
        arguments: [
            (nil, "filename YQ=="), ("-1", "filename YQ=="), ("1e3", "filename YQ=="),
            ("9223372036854775808", "filename YQ=="),
            ("10", nil), ("10", ""), ("10", "filename"), ("10", "filename !"), ("10", "filename /w=="),
            ("10", "name YQ=="),
            ("10", "filename YQ==,filename YQ=="), ("10", "filename YQ==,chatroomId eA=="), ("10", "filename YQBi"),
        ] as [(String?, String?)])
    func `an upload that says what makes no sense is refused`(length: String?, metadata: String?) async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let tus = Tus(client: client, media: media)
                var headers = try tus.headers()
                headers[.uploadLength] = length
                headers[.uploadMetadata] = metadata
                let answer = try await client.execute(uri: "/api/media/tus/", method: .post, headers: headers)
                #expect(answer.status == .badRequest)
                #expect(answer.headers[.tusResumable] == "1.0.0")
            }
        }
    }

    @Test func `what is spoken here is told to anybody, and another version is not`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let told = try await client.execute(uri: "/api/media/tus/", method: .options)
                #expect(told.status == .noContent)
                #expect(told.headers[.tusVersion] == "1.0.0")
                #expect(told.headers[.tusExtension] == "creation,creation-with-upload,expiration,checksum,termination")
                #expect(told.headers[.tusChecksumAlgorithm] == "sha1,sha256")
                let tus = Tus(client: client, media: media)
                let id = try await tus.create(10, "a", chatroom: .lobby)
                var headers = try tus.headers()
                headers[.tusResumable] = "0.2.2"
                let other = try await client.execute(uri: id, method: .head, headers: headers)
                #expect(other.status == .preconditionFailed && other.headers[.tusVersion] == "1.0.0")
                headers = try tus.headers()
                headers[.contentType] = "application/json"
                headers[.uploadOffset] = "0"
                #expect(
                    try await client.execute(uri: id, method: .patch, headers: headers, body: ByteBuffer(string: "x"))
                        .status
                        == .unsupportedMediaType)
                headers[.contentType] = "application/offset+octet-stream"
                headers[.methodOverride] = "PATCH"
                #expect(
                    try await client.execute(uri: id, method: .post, headers: headers, body: ByteBuffer(string: "x"))
                        .status
                        == .noContent)
                headers[.methodOverride] = "PUT"
                #expect(try await client.execute(uri: id, method: .post, headers: headers).status == .methodNotAllowed)
            }
        }
    }
}

/// A client of tus, as far as the tests need one.
struct Tus: Sendable {
    let client: any TestClientProtocol
    let media: MediaFixture
    var user = UserID.alice

    func headers() throws -> HTTPFields { try self.media.headers(self.user, [.tusResumable: "1.0.0"]) }

    func post(_ length: Int, _ name: String, chatroom: ChatroomID?, key: UUID? = nil, body: [UInt8]? = nil) async throws
        -> TestResponse
    {
        var headers = try self.headers()
        headers[.uploadLength] = "\(length)"
        var metadata = "filename \(Data(name.utf8).base64EncodedString())"
        if let chatroom { metadata += ",chatroomId \(Data("\(chatroom)".utf8).base64EncodedString())" }
        headers[.uploadMetadata] = metadata
        headers[.idempotencyKey] = key?.uuidString
        if body != nil { headers[.contentType] = "application/offset+octet-stream" }
        return try await self.client.execute(
            uri: "/api/media/tus/", method: .post, headers: headers, body: body.map { ByteBuffer(bytes: $0) })
    }

    /// - Returns: where the upload is.
    func create(_ length: Int, _ name: String, chatroom: ChatroomID?) async throws -> String {
        let answer = try await self.post(length, name, chatroom: chatroom)
        guard answer.status == .created, let location = answer.headers[.location], answer.headers[.uploadExpires] != nil
        else { throw Refused(answer: answer) }
        return location
    }

    func patch(_ id: String, at offset: Int, _ bytes: ArraySlice<UInt8>, checksum: String? = nil) async throws
        -> TestResponse
    {
        var headers = try self.headers()
        headers[.contentType] = "application/offset+octet-stream"
        headers[.uploadOffset] = "\(offset)"
        headers[.uploadChecksum] = checksum
        return try await self.client.execute(uri: id, method: .patch, headers: headers, body: ByteBuffer(bytes: bytes))
    }

    func head(_ id: String) async throws -> TestResponse {
        try await self.client.execute(uri: id, method: .head, headers: try self.headers())
    }

    func offset(_ id: String) async throws -> Int? {
        let answer = try await self.head(id)
        guard answer.status == .ok else { throw Refused(answer: answer) }
        return answer.offset.flatMap { Int($0) }
    }

    func delete(_ id: String) async throws -> TestResponse {
        try await self.client.execute(uri: id, method: .delete, headers: try self.headers())
    }

    struct Refused: Error {
        let answer: TestResponse
    }
}

extension TestResponse {
    var offset: String? { self.headers[.uploadOffset] }
}

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("idempotency-key") ?? .contentType
}
