import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Postgres
import ServiceKit
import Synchronization
import Testing

@testable import Media

@Suite struct SweeperTests {
    private func upload(_ media: MediaFixture, _ query: String, by user: UserID = .alice, bytes: Int = 60) async throws
        -> (status: HTTPResponse.Status, file: MediaFile?)
    {
        try await media.public.test(.router) { client in
            let answer = try await client.execute(
                uri: "/api/media/uploads?name=a\(query)", method: .post, headers: try media.headers(user),
                body: ByteBuffer(repeating: 7, count: bytes))
            return (answer.status, answer.status == .created ? try answer.decode() : nil)
        }
    }

    private func execute(_ media: MediaFixture, _ method: HTTPRequest.Method, _ path: String, _ user: UserID)
        async throws -> Int
    {
        try await media.public.test(.router) { client in
            try await client.execute(uri: path, method: method, headers: try media.headers(user)).status.code
        }
    }

    private func internally(_ media: MediaFixture, _ path: String, _ body: some Encodable) async throws -> Int {
        let data = try JSONEncoder().encode(body)
        return try await media.internal.test(.router) { client in
            try await client.execute(
                uri: "/internal/media/\(path)", method: .post,
                headers: [.authorization: "Bearer local-key-of-history", .contentType: "application/json"],
                body: ByteBuffer(bytes: data)
            ).status.code
        }
    }

    @Test func `its owner deletes a file, and nobody else`() async throws {
        try await withMedia { media in
            let file = try #require(try await self.upload(media, "&chatroomId=10").file)
            let path = "/api/media/files/\(file.id)"
            #expect(try await self.execute(media, .delete, path, .bob) == 404)
            #expect(try await self.execute(media, .delete, "/api/media/files/x", .alice) == 404)
            #expect(try await self.execute(media, .get, file.url, .bob) == 200)
            #expect(try await self.execute(media, .delete, path, .alice) == 204)
            #expect(try await self.execute(media, .get, file.url, .alice) == 404)
            #expect(try await self.execute(media, .delete, path, .alice) == 404)
            try await media.sweeper.free()
            #expect(media.stored().blobs == [])
        }
    }

    @Test func `the bytes stay as long as one file stands for them, and can come back`() async throws {
        try await withMedia(quota: 150) { media in
            let first = try #require(try await self.upload(media, "&chatroomId=10").file)
            let second = try #require(try await self.upload(media, "", by: .bob).file)
            #expect(try await self.execute(media, .delete, "/api/media/files/\(first.id)", .alice) == 204)
            try await media.sweeper.free()
            #expect(media.stored().blobs.count == 1)
            #expect(try await self.execute(media, .get, second.url, .mallory) == 200)
            #expect(try await self.execute(media, .delete, "/api/media/files/\(second.id)", .bob) == 204)
            try await media.sweeper.free()
            #expect(media.stored().blobs == [])
            // The owners have their room back: twice 60 bytes of 150, and no third.
            let again = try #require(try await self.upload(media, "&chatroomId=10").file)
            #expect(try await self.execute(media, .get, again.url, .bob) == 200)
            #expect(try await self.upload(media, "").status == .created)
            #expect(try await self.upload(media, "").status == .contentTooLarge)
            #expect(media.stored().partial == [])
        }
    }

    @Test func `O03: a recalled file's bytes are freed; where it was forwarded to they stay`() async throws {
        try await withMedia { media in
            let file = try #require(try await self.upload(media, "&chatroomId=10").file)
            let messages = [ChatroomID.lobby, .kitchen].map {
                AttachMedia(mediaId: file.id, chatroomId: $0, senderId: .bob, clientId: UUID())
            }
            for message in messages { #expect(try await self.internally(media, "attach", message) == 200) }
            for (message, blobs) in zip(messages, [1, 0]) {
                let item = ReleaseMedia.Item(
                    chatroomId: message.chatroomId, senderId: message.senderId, clientId: message.clientId)
                #expect(try await self.internally(media, "release", ReleaseMedia(messages: [item])) == 204)
                try await media.sweeper.free()
                #expect(media.stored().blobs.count == blobs)
            }
        }
    }

    @Test func `what was never sent goes after a day; avatars and what was sent stay`() async throws {
        try await withMedia { media in
            let orphan = try #require(try await self.upload(media, "&chatroomId=10", bytes: 1).file)
            let sent = try #require(try await self.upload(media, "&chatroomId=10", bytes: 2).file)
            let avatar = try #require(try await self.upload(media, "", bytes: 3).file)
            let message = AttachMedia(mediaId: sent.id, chatroomId: .lobby, senderId: .alice, clientId: UUID())
            #expect(try await self.internally(media, "attach", message) == 200)
            let postgres = media.sweeper.store.postgres
            try await media.sweeper.store.releaseOrphans(olderThan: .seconds(86_400))
            #expect(try await self.execute(media, .get, orphan.url, .bob) == 200, "it is young")
            try await postgres.execute("UPDATE media.files SET created_at = now() - interval '25 hours'")
            let fresh = try #require(try await self.upload(media, "&chatroomId=10", bytes: 4).file)
            try await media.sweeper.store.releaseOrphans(olderThan: .seconds(86_400))
            try await media.sweeper.free()
            #expect(try await self.execute(media, .get, orphan.url, .bob) == 404)
            for file in [sent, avatar, fresh] { #expect(try await self.execute(media, .get, file.url, .bob) == 200) }
            #expect(media.stored().blobs.count == 3)
        }
    }

    @Test func `what was given to a message that was never stored goes, when History has said so`() async throws {
        try await withMedia { media in
            let postgres = media.sweeper.store.postgres
            let lost = try #require(try await self.upload(media, "&chatroomId=10", bytes: 1).file)
            let sent = try #require(try await self.upload(media, "&chatroomId=10", bytes: 2).file)
            let again = try #require(try await self.upload(media, "&chatroomId=10", bytes: 3).file)
            let messages = [lost, sent, again].map {
                AttachMedia(mediaId: $0.id, chatroomId: .lobby, senderId: .alice, clientId: UUID())
            }
            // And one forwarded to where it never came.
            let forward = AttachMedia(mediaId: sent.id, chatroomId: .kitchen, senderId: .bob, clientId: UUID())
            for message in messages + [forward] { #expect(try await self.internally(media, "attach", message) == 200) }
            media.history.carriers.withLock { $0 = nil }
            try await postgres.execute(
                "UPDATE media.attachments SET attached_at = attached_at - interval '25 hours'")
            try await postgres.execute("UPDATE media.files SET created_at = created_at - interval '25 hours'")
            await #expect(throws: ServiceUnavailable.self) { try await media.sweeper.search() }
            #expect(media.stored().blobs.count == 3, "History has not answered")
            // The third is being sent again just now.
            #expect(try await self.internally(media, "attach", messages[2]) == 200)
            media.history.carriers.withLock { carriers in
                carriers = [ReleaseMedia.Item(chatroomId: .lobby, senderId: .alice, clientId: messages[1].clientId)]
            }
            try await media.sweeper.search()
            #expect(try await self.execute(media, .get, lost.url, .bob) == 404)
            for file in [sent, again] { #expect(try await self.execute(media, .get, file.url, .bob) == 200) }
            #expect(media.stored().blobs.count == 2)
            let forwards: Int = try await postgres.one(
                "SELECT count(*)::int8 FROM media.files WHERE chatroom_id = 11 AND released_at IS NULL")
            #expect(forwards == 0)
            // Once History has said yes it is not asked again.
            media.history.carriers.withLock { $0 = [] }
            try await postgres.execute(
                "UPDATE media.attachments SET attached_at = attached_at - interval '25 hours' WHERE confirmed_at IS NOT NULL"
            )
            try await media.sweeper.search()
            #expect(try await self.execute(media, .get, sent.url, .bob) == 200)
        }
    }

    @Test func `what a process has left that died on the way is found, and nothing else`() async throws {
        try await withMedia { media in
            let file = try #require(try await self.upload(media, "&chatroomId=10").file)
            let kept = media.stored().blobs
            let path = "\(media.directory)/left"
            #expect(FileManager.default.createFile(atPath: path, contents: Data([1, 2, 3])))
            for kind in BlobName.Kind.allCases {
                let copy = BlobName.newCopy(of: ContentHash(Array(repeating: 7, count: 32)))
                try await media.parts.blobs.store(path, size: 3, as: BlobName(kind, copy))
            }
            let stray = try media.parts.partial.open(UUID(), creating: true)
            try stray.append([1])
            let waiting = try await media.parts.resumable.begin(
                NewUpload(owner: .alice, name: "a", length: 10, isResumable: true), key: nil)
            try await media.sweeper.search()
            #expect(media.stored().blobs.count == 2, "it is young, and may be on its way")
            // From a second ahead everything is old.
            try await media.sweeper.search(grace: .seconds(-2))
            #expect(media.stored().blobs == [], "nor was the file sent")
            #expect(media.files("/thumbnails") == [])
            #expect(media.stored().partial.count == 2, "one waits for its next part, and at one somebody is at work")
            #expect(try await media.parts.resumable.find(waiting.id, of: .alice).offset == 0)
            #expect(try await self.execute(media, .get, file.url, .alice) == 404)
            #expect(kept.count == 1)
            withExtendedLifetime(stray) {}
        }
    }

    @Test func `a content that comes again while its bytes are being removed is there`() async throws {
        try await withMedia { media in
            for _ in 0..<10 {
                let file = try #require(try await self.upload(media, "&chatroomId=10").file)
                #expect(try await self.execute(media, .delete, "/api/media/files/\(file.id)", .alice) == 204)
                async let sweeping: Void = media.sweeper.free()
                let files = try await withThrowingTaskGroup(of: MediaFile?.self) { group in
                    for user in [UserID.alice, .bob] {
                        group.addTask { try await self.upload(media, "&chatroomId=10", by: user).file }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                try await sweeping
                try await media.sweeper.free()
                for file in files {
                    let file = try #require(file)
                    #expect(try await self.execute(media, .get, file.url, .bob) == 200)
                    let owner = try await self.execute(media, .delete, "/api/media/files/\(file.id)", .alice)
                    if owner != 204 { _ = try await self.execute(media, .delete, "/api/media/files/\(file.id)", .bob) }
                }
                try await media.sweeper.free()
                try await media.sweeper.search(grace: .seconds(-2))
                #expect(media.stored().blobs == [])
            }
        }
    }
}
