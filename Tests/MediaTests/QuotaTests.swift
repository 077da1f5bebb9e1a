import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdCore
import HummingbirdTesting
import NIOCore
import Postgres
import ServiceKit
import Testing

@testable import Media

@Suite struct QuotaTests {
    @Test func `M03: fifty uploads at once reserve no more than there is, announced or not, whole or in parts`()
        async throws
    {
        try await withMedia(quota: 1_000) { media in
            try await media.public.test(.router) { client in
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<50 {
                        group.addTask {
                            if number % 2 == 0 {
                                let tus = Tus(client: client, media: media)
                                return try await tus.post(
                                    100, "a", chatroom: .lobby, body: Array(repeating: UInt8(number), count: 100)
                                )
                                .status.code
                            }
                            let announced: HTTPFields = number % 4 == 1 ? [.contentLength: "100"] : [:]
                            return try await client.execute(
                                uri: "/api/media/uploads?name=a", method: .post,
                                headers: try media.headers(.alice, announced),
                                body: ByteBuffer(repeating: UInt8(number), count: 100)
                            ).status.code
                        }
                    }
                    return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
                }
                #expect(statuses == [201: 10, 413: 40])
            }
            let used: Int64 = try await media.sweeper.store.postgres.one(
                "SELECT bytes FROM media.usage WHERE user_id = 1")
            #expect(used == 1_000)
            #expect(media.stored().partial == [])
            #expect(media.stored().blobs.count == 10)
        }
    }

    @Test func `a body without end is cut off where the quota ends`() async throws {
        try await withMedia(quota: 6 << 20) { media in
            let endless = AsyncStream<ByteBuffer> { ByteBuffer(repeating: 7, count: 100_000) }
            await #expect(throws: MediaError.quotaExceeded) {
                _ = try await media.parts.uploader.upload(
                    .init(asyncSequence: endless), announced: nil, named: "a", into: nil, by: .alice, key: nil)
            }
            #expect(media.stored().partial == [])
        }
    }

    @Test func `bytes that are freed can be used again, and what is forwarded is not counted`() async throws {
        try await withMedia(quota: 100) { media in
            let postgres = media.sweeper.store.postgres
            @Sendable func used(_ user: UserID) async throws -> Int64? {
                try await postgres.first("SELECT bytes FROM media.usage WHERE user_id = \(user)")
            }
            try await media.public.test(.router) { client in
                let file = try await client.execute(
                    uri: "/api/media/uploads?name=a&chatroomId=10", method: .post, headers: try media.headers(.alice),
                    body: ByteBuffer(repeating: 1, count: 100)
                ).decode(MediaFile.self)
                let forward = AttachMedia(mediaId: file.id, chatroomId: .kitchen, senderId: .bob, clientId: UUID())
                let stored = try #require(try await media.parts.files.file(file.id))
                let copy = try #require(try await media.parts.files.attach(stored, to: forward))
                #expect(copy.id != file.id && copy.copy == stored.copy)
                #expect(try await used(.alice) == 100)
                #expect(try await used(.bob) ?? 0 == 0)
                try await media.parts.files.delete(copy.id, of: .bob)
                try await media.parts.files.delete(file.id, of: .alice)
                try await media.sweeper.free()
                #expect(try await used(.alice) == 0)
                #expect(try await used(.bob) ?? 0 == 0)
                #expect(media.stored().blobs == [])
            }
        }
    }

    @Test func `one person has only so many uploads under way`() async throws {
        try await withMedia(["MEDIA_MAX_UPLOADS_PER_USER": "3"]) { media in
            try await media.public.test(.router) { client in
                let tus = Tus(client: client, media: media)
                var ids: [String] = []
                for _ in 0..<3 { ids.append(try await tus.create(10, "a", chatroom: .lobby)) }
                let refused = try await tus.post(10, "a", chatroom: .lobby)
                #expect(refused.status == .tooManyRequests && refused.headers[.retryAfter] != nil)
                let other = Tus(client: client, media: media, user: .bob)
                _ = try await other.create(10, "a", chatroom: .lobby)
                #expect(try await tus.patch(ids[0], at: 0, Array(repeating: 1, count: 10)[...]).status == .noContent)
                _ = try await tus.create(10, "a", chatroom: .lobby)
            }
        }
    }

    @Test func `the room of a request whose process died is free again soon`() async throws {
        try await withMedia(quota: 100) { media in
            let uploads = media.parts.uploads
            var claim = try await QuotaClaim(
                uploads, NewUpload(owner: .alice, name: "a", length: 60, isResumable: false))
            await #expect(throws: MediaError.quotaExceeded) { try await claim.cover(101) }
            let another = NewUpload(owner: .alice, name: "b", length: 60, isResumable: false)
            await #expect(throws: MediaError.quotaExceeded) { _ = try await QuotaClaim(uploads, another) }
            try await uploads.postgres.execute(
                "UPDATE media.uploads SET expires_at = statement_timestamp() - interval '1 second'")
            _ = try await QuotaClaim(uploads, another)
            // Should it live after all, it asks anew, and there is no room for both.
            await #expect(throws: MediaError.quotaExceeded) { try await claim.settle(on: 60) }
            try await media.sweeper.endUploads()
            let left: Int = try await uploads.postgres.one("SELECT count(*)::int8 FROM media.uploads")
            #expect(left == 1)
        }
    }
}
