import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import ServiceKit
import Synchronization
import Testing

@testable import Media

@Suite struct FileRoutesTests {
    private let content = [UInt8]((0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })

    private func upload(_ client: any TestClientProtocol, _ media: MediaFixture, _ query: String, _ bytes: [UInt8])
        async throws -> MediaFile
    {
        try await client.execute(
            uri: "/api/media/uploads?\(query)", method: .post, headers: try media.headers(.alice),
            body: ByteBuffer(bytes: bytes)
        ).decode()
    }

    @Test func `members read a file byte for byte; for others it is as if it never was`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let file = try await self.upload(client, media, "name=a.bin&chatroomId=10", self.content)
                let read = try await client.execute(uri: file.url, method: .get, headers: try media.headers(.bob))
                #expect(read.status == .ok)
                #expect(read.bytes == self.content)
                #expect(read.headers[.contentLength] == "400000")
                let hidden = try await client.execute(uri: file.url, method: .get, headers: try media.headers(.mallory))
                let missing = try await client.execute(
                    uri: "/api/media/files/\(UUID())/a.bin", method: .get, headers: try media.headers(.mallory))
                let rubbish = try await client.execute(
                    uri: "/api/media/files/x/y", method: .get, headers: try media.headers(.bob))
                #expect([hidden.status, missing.status, rubbish.status] == [.notFound, .notFound, .notFound])
                #expect(hidden.bytes == missing.bytes && hidden.bytes == rubbish.bytes)
                #expect(try await client.execute(uri: file.url, method: .get).status == .unauthorized)
            }
        }
    }

    @Test func `an avatar is for anybody signed in`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let file = try await self.upload(client, media, "name=me.png", Images.png(8, 8))
                let read = try await client.execute(uri: file.url, method: .get, headers: try media.headers(.mallory))
                #expect(read.status == .ok)
                #expect(read.headers[.contentDisposition]?.hasPrefix("inline;") == true)
            }
        }
    }

    @Test func `who is removed reads nothing more, and who has just come in is not refused`() async throws {
        try await withMedia { media in
            let now = Moved()
            let memberships = MembershipClient(social: media.memberships, now: { now.value })
            let bobIsIn = try await memberships.isMember(.bob, of: .lobby)
            #expect(bobIsIn)
            #expect(try await !memberships.isMember(.mallory, of: .lobby))
            media.social.members.withLock { $0[.lobby] = [.alice, .mallory] }
            #expect(try await memberships.isMember(.mallory, of: .lobby))
            #expect(try await memberships.isMember(.bob, of: .lobby), "believed for half a second")
            now.advance(by: .milliseconds(500))
            #expect(try await !memberships.isMember(.bob, of: .lobby))
        }
    }

    @Test(arguments: [
        ("a.png", "<html><script>alert(1)</script>"), ("a.svg", "<svg onload='alert(1)'/>"), ("a.js", "alert(1)"),
    ])
    func `M01: what is not an image is never shown in our origin`(name: String, text: String) async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let file = try await self.upload(client, media, "name=\(name)&chatroomId=10", Array(text.utf8))
                #expect(file.type == "application/octet-stream")
                let read = try await client.execute(uri: file.url, method: .get, headers: try media.headers(.bob))
                #expect(read.headers[.contentType] == "application/octet-stream")
                #expect(read.headers[.contentDisposition]?.hasPrefix("attachment;") == true)
                #expect(read.headers[.xContentTypeOptions] == "nosniff")
                #expect(read.headers[.contentSecurityPolicy]?.hasPrefix("sandbox") == true)
            }
        }
    }

    @Test func `a GIF that is a script too is shown as an image only`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let gif = Images.gif(0x2F2A, 1, frames: 1) + Array("*/=1;alert(1)".utf8)
                let file = try await self.upload(client, media, "name=a.js&chatroomId=10", gif)
                let read = try await client.execute(uri: file.url, method: .get, headers: try media.headers(.bob))
                #expect(read.headers[.contentType] == "image/gif")
                #expect(read.headers[.xContentTypeOptions] == "nosniff")
                #expect(read.headers[.contentSecurityPolicy]?.hasPrefix("sandbox") == true)
            }
        }
    }

    @Test func `parts are answered with 206, and what is past the end with 416`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let file = try await self.upload(client, media, "name=a&chatroomId=10", self.content)
                let part = try await client.execute(
                    uri: file.url, method: .get, headers: try media.headers(.bob, [.range: "bytes=1000-299999"]))
                #expect(part.status == .partialContent)
                #expect(part.headers[.contentRange] == "bytes 1000-299999/400000")
                #expect(part.bytes == Array(self.content[1_000..<300_000]))
                let past = try await client.execute(
                    uri: file.url, method: .get, headers: try media.headers(.bob, [.range: "bytes=400000-"]))
                #expect(past.status == .rangeNotSatisfiable)
                #expect(past.headers[.contentRange] == "bytes */400000")
                let changed = try await client.execute(
                    uri: file.url, method: .get,
                    headers: try media.headers(.bob, [.range: "bytes=0-1", .ifRange: "\"other\""]))
                #expect(changed.status == .ok)
            }
        }
    }

    @Test func `who has the file already gets 304, a stranger with its tag gets 404`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let file = try await self.upload(client, media, "name=a&chatroomId=10", self.content)
                let head = try await client.execute(uri: file.url, method: .head, headers: try media.headers(.bob))
                #expect(head.status == .ok)
                #expect(head.bytes.isEmpty)
                let tag = try #require(head.headers[.eTag])
                for value in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                    let again = try await client.execute(
                        uri: file.url, method: .get, headers: try media.headers(.bob, [.ifNoneMatch: value]))
                    #expect(again.status == .notModified)
                    #expect(again.bytes.isEmpty)
                }
                let other = try await client.execute(
                    uri: file.url, method: .get, headers: try media.headers(.bob, [.ifNoneMatch: "\"x\""]))
                #expect(other.status == .ok)
                let stranger = try await client.execute(
                    uri: file.url, method: .get, headers: try media.headers(.mallory, [.ifNoneMatch: tag]))
                #expect(stranger.status == .notFound)
            }
        }
    }
}

@Suite struct AttachTests {
    private let key: HTTPFields = [.authorization: "Bearer local-key-of-history", .contentType: "application/json"]

    private func upload(_ media: MediaFixture, _ query: String) async throws -> MediaFile {
        try await media.public.test(.router) { client in
            try await client.execute(
                uri: "/api/media/uploads?\(query)", method: .post, headers: try media.headers(.alice),
                body: ByteBuffer(string: "content")
            ).decode()
        }
    }

    private func attach(
        _ media: MediaFixture, _ id: MediaID, to chatroom: ChatroomID, by sender: UserID, clientId: UUID
    ) async throws -> TestResponse {
        let body = AttachMedia(mediaId: id, chatroomId: chatroom, senderId: sender, clientId: clientId)
        return try await media.internal.test(.router) { client in
            try await client.execute(
                uri: "/internal/media/attach", method: .post, headers: self.key,
                body: ByteBuffer(bytes: try JSONEncoder().encode(body)))
        }
    }

    @Test func `in its own chatroom a file is attached as itself, once for each message`() async throws {
        try await withMedia { media in
            let file = try await self.upload(media, "name=a&chatroomId=10")
            let message = UUID()
            for _ in 0..<2 {
                let answer = try await self.attach(media, file.id, to: .lobby, by: .alice, clientId: message)
                #expect(answer.status == .ok)
                #expect(try answer.decode(AttachMedia.Answer.self).media == file)
            }
        }
    }

    @Test func `forwarded, it is a new file on the same content, the same for the same message`() async throws {
        try await withMedia { media in
            let file = try await self.upload(media, "name=a&chatroomId=10")
            let message = UUID()
            let first = try await self.attach(media, file.id, to: .kitchen, by: .bob, clientId: message).decode(
                AttachMedia.Answer.self
            ).media
            let again = try await self.attach(media, file.id, to: .kitchen, by: .bob, clientId: message).decode(
                AttachMedia.Answer.self
            ).media
            #expect(first == again)
            #expect(first.id != file.id)
            #expect(first.name == file.name && first.size == file.size)
            #expect(media.stored().blobs.count == 1)
            try await media.public.test(.router) { client in
                let read = try await client.execute(uri: first.url, method: .get, headers: try media.headers(.mallory))
                #expect(read.bytes == Array("content".utf8))
                let hidden = try await client.execute(uri: file.url, method: .get, headers: try media.headers(.mallory))
                #expect(hidden.status == .notFound)
            }
        }
    }

    @Test func `the same message attached many times at once has one file`() async throws {
        try await withMedia { media in
            let file = try await self.upload(media, "name=a&chatroomId=10")
            let message = UUID()
            let files = try await withThrowingTaskGroup(of: MediaFile.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await self.attach(media, file.id, to: .kitchen, by: .bob, clientId: message)
                            .decode(AttachMedia.Answer.self).media
                    }
                }
                return try await group.reduce(into: Set<MediaFile>()) { $0.insert($1) }
            }
            #expect(files.count == 1)
        }
    }

    @Test func `O11: a file that the sender may not read is not there`() async throws {
        try await withMedia { media in
            let file = try await self.upload(media, "name=a&chatroomId=10")
            let hidden = try await self.attach(media, file.id, to: .kitchen, by: .mallory, clientId: UUID())
            let missing = try await self.attach(media, UUID(), to: .kitchen, by: .mallory, clientId: UUID())
            #expect(hidden.status == .notFound)
            #expect(try hidden.decode(ErrorBody.self).code == "media_not_found")
            #expect(hidden.bytes == missing.bytes)
        }
    }

    @Test func `a client id that carries another file is a conflict`() async throws {
        try await withMedia { media in
            let (one, two) = (
                try await self.upload(media, "name=a&chatroomId=10"),
                try await self.upload(media, "name=b&chatroomId=10")
            )
            let message = UUID()
            _ = try await self.attach(media, one.id, to: .lobby, by: .alice, clientId: message)
            let answer = try await self.attach(media, two.id, to: .lobby, by: .alice, clientId: message)
            #expect(answer.status == .conflict)
            #expect(try answer.decode(ErrorBody.self).code == "client_id_conflict")
        }
    }

    private func release(_ media: MediaFixture, _ messages: ReleaseMedia.Item...) async throws -> HTTPResponse.Status {
        try await media.internal.test(.router) { client in
            try await client.execute(
                uri: "/internal/media/release", method: .post, headers: self.key,
                body: ByteBuffer(bytes: try JSONEncoder().encode(ReleaseMedia(messages: messages)))
            ).status
        }
    }

    private func status(_ media: MediaFixture, _ file: MediaFile, for user: UserID) async throws -> Int {
        try await media.public.test(.router) { client in
            try await client.execute(uri: file.url, method: .get, headers: try media.headers(user)).status.code
        }
    }

    @Test func `O03: a file is gone when the last message that carries it is recalled`() async throws {
        try await withMedia { media in
            let file = try await self.upload(media, "name=a&chatroomId=10")
            let (one, two, forwarded) = (UUID(), UUID(), UUID())
            for message in [one, two] {
                _ = try await self.attach(media, file.id, to: .lobby, by: .alice, clientId: message)
            }
            let copy = try await self.attach(media, file.id, to: .kitchen, by: .bob, clientId: forwarded)
                .decode(AttachMedia.Answer.self).media
            let first = ReleaseMedia.Item(chatroomId: .lobby, senderId: .alice, clientId: one)
            let second = ReleaseMedia.Item(chatroomId: .lobby, senderId: .alice, clientId: two)
            #expect(try await self.release(media, first) == .noContent)
            #expect(try await self.release(media, first) == .noContent)
            #expect(try await self.status(media, file, for: .bob) == 200)
            #expect(try await self.release(media, second) == .noContent)
            for user in [UserID.alice, .bob] { #expect(try await self.status(media, file, for: user) == 404) }
            #expect(try await self.status(media, copy, for: .mallory) == 200)
            // Nor can it be sent again; but who repeats the recalled message is answered as the first time.
            let again = try await self.attach(media, file.id, to: .lobby, by: .alice, clientId: UUID())
            #expect(again.status == .notFound)
            let repeated = try await self.attach(media, file.id, to: .lobby, by: .alice, clientId: two)
            #expect(try repeated.decode(AttachMedia.Answer.self).media == file)
        }
    }

    @Test func `to release what was never attached changes nothing`() async throws {
        try await withMedia { media in
            let file = try await self.upload(media, "name=a&chatroomId=10")
            let item = ReleaseMedia.Item(chatroomId: .lobby, senderId: .alice, clientId: UUID())
            #expect(try await self.release(media, item) == .noContent)
            #expect(try await self.status(media, file, for: .bob) == 200)
        }
    }

    @Test func `files are looked up by id, those that are not there are left out`() async throws {
        try await withMedia { media in
            let file = try await self.upload(media, "name=a&chatroomId=10")
            let answer = try await media.internal.test(.router) { client in
                try await client.execute(
                    uri: "/internal/media/lookup", method: .post, headers: self.key,
                    body: ByteBuffer(bytes: try JSONEncoder().encode(LookupMedia(ids: [file.id, UUID()]))))
            }
            #expect(try answer.decode(LookupMedia.Answer.self).media == [file])
        }
    }

    @Test func `somebody's files are listed part by part, without those that were released and those of others`()
        async throws
    {
        try await withMedia { media in
            var files: [MediaFile] = []
            for number in 1...5 { files.append(try await self.upload(media, "name=\(number)&chatroomId=10")) }
            let first = try #require(files.first).id
            let gone = try await media.public.test(.router) { client in
                try await client.execute(
                    uri: "/api/media/files/\(first)", method: .delete, headers: try media.headers(.alice))
            }
            #expect(gone.status == .noContent)
            var listed: [OwnedFile] = []
            for _ in 0..<2 {
                let asked = ListFiles(ownerId: .alice, after: listed.last?.media.id, limit: 2)
                let answer = try await media.internal.test(.router) { client in
                    try await client.execute(
                        uri: "/internal/media/list", method: .post, headers: self.key,
                        body: ByteBuffer(bytes: try JSONEncoder().encode(asked)))
                }
                listed += try answer.decode(ListFiles.Answer.self).files
            }
            #expect(listed.count == 4 && Set(listed.map(\.media)) == Set(files.dropFirst()))
            #expect(listed.allSatisfy { $0.chatroomId == .lobby })
        }
    }

    @Test func `H04: nobody but a service attaches`() async throws {
        try await withMedia { media in
            try await media.internal.test(.router) { client in
                for headers in [try media.headers(.alice), [:], [.authorization: "Bearer local-key-of-operator"]] {
                    let answer = try await client.execute(
                        uri: "/internal/media/attach", method: .post, headers: headers)
                    #expect(answer.status == .unauthorized)
                }
            }
        }
    }
}
