import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Postgres
import ServiceKit
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
            try await media.sweeper.store.releaseOrphans()
            #expect(try await self.execute(media, .get, orphan.url, .bob) == 200, "it is young")
            try await postgres.execute("UPDATE media.files SET created_at = now() - interval '25 hours'")
            let fresh = try #require(try await self.upload(media, "&chatroomId=10", bytes: 4).file)
            try await media.sweeper.store.releaseOrphans()
            try await media.sweeper.free()
            #expect(try await self.execute(media, .get, orphan.url, .bob) == 404)
            for file in [sent, avatar, fresh] { #expect(try await self.execute(media, .get, file.url, .bob) == 200) }
            #expect(media.stored().blobs.count == 3)
        }
    }
}
