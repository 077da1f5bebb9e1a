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

@Suite struct UploadTests {
    @Test func `an image is stored once for each content and answered with its size`() async throws {
        try await withMedia { media in
            let image = Images.png(64, 48)
            try await media.public.test(.router) { client in
                var ids: Set<MediaID> = []
                for user in [UserID.alice, .bob] {
                    let answer = try await client.execute(
                        uri: "/api/media/uploads?name=%E8%8C%B6%20tea.png&chatroomId=10", method: .post,
                        headers: try media.headers(user, [.contentType: "text/html"]), body: ByteBuffer(bytes: image))
                    #expect(answer.status == .created)
                    let file = try answer.decode(MediaFile.self)
                    #expect(file.name == "茶 tea.png")
                    #expect(file.type == "image/png")
                    #expect(file.size == Int64(image.count))
                    #expect(file.width == 64 && file.height == 48)
                    #expect(file.url == "/api/media/files/\(file.id.uuidString.lowercased())/%E8%8C%B6%20tea.png")
                    ids.insert(file.id)
                }
                #expect(ids.count == 2)
            }
            #expect(media.stored().blobs.count == 1)
            #expect(media.stored().partial == [])
        }
    }

    @Test func `into a chatroom one is not in nothing is uploaded`() async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let stranger = try await client.execute(
                    uri: "/api/media/uploads?name=a&chatroomId=10", method: .post, headers: try media.headers(.mallory),
                    body: ByteBuffer(string: "x"))
                #expect(stranger.status == .notFound)
                #expect(try stranger.decode(ErrorBody.self).code == "chatroom_not_found")
                let nobody = try await client.execute(
                    uri: "/api/media/uploads?name=a&chatroomId=10", method: .post, body: ByteBuffer(string: "x"))
                #expect(nobody.status == .unauthorized)
            }
            #expect(media.stored().blobs == [])
        }
    }

    @Test func `the same idempotency key gives the same file, and counts once against the quota`() async throws {
        try await withMedia(quota: 150) { media in
            let key = try #require(HTTPField.Name("idempotency-key"))
            let id = UUID().uuidString
            try await media.public.test(.router) { client in
                var files: Set<MediaFile> = []
                for _ in 0..<2 {
                    let answer = try await client.execute(
                        uri: "/api/media/uploads?name=a", method: .post, headers: try media.headers(.alice, [key: id]),
                        body: ByteBuffer(repeating: 1, count: 60))
                    #expect(answer.status == .created)
                    files.insert(try answer.decode())
                }
                #expect(files.count == 1)
                let second = try await client.execute(
                    uri: "/api/media/uploads?name=b", method: .post, headers: try media.headers(.alice),
                    body: ByteBuffer(repeating: 2, count: 60))
                #expect(second.status == .created)
            }
        }
    }

    @Test(arguments: [true, false]) func `M03: a body over the limit is 413, announced or not, and nothing stays`(
        isAnnounced: Bool
    ) async throws {
        try await withMedia(limits: UploadLimits(fileBytes: 1_000_000, imageBytes: 100_000)) { media in
            try await media.public.test(.router) { client in
                let image = Images.png(64, 48, data: 100_000)
                for (body, limit) in [
                    (ByteBuffer(repeating: 1, count: 1_000_001), 1_000_000), (ByteBuffer(bytes: image), 100_000),
                ] {
                    var headers = try media.headers(.alice)
                    if isAnnounced { headers[.contentLength] = "\(body.readableBytes)" }
                    let answer = try await client.execute(
                        uri: "/api/media/uploads?name=a", method: .post, headers: headers, body: body)
                    #expect(answer.status == .contentTooLarge, "\(limit)")
                    #expect(try answer.decode(ErrorBody.self).code == "too_large")
                }
                let huge = try await client.execute(
                    uri: "/api/media/uploads?name=a", method: .post,
                    headers: try media.headers(.alice, [.contentLength: "10737418240"]), body: nil)
                #expect(huge.status == .contentTooLarge)
            }
            #expect(media.stored().blobs == [])
            #expect(media.stored().partial == [])
        }
    }

    @Test func `M03: the quota is not exceeded, also by fifty at once`() async throws {
        try await withMedia(quota: 1_000) { media in
            try await media.public.test(.router) { client in
                let statuses = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
                    for number in 0..<50 {
                        group.addTask {
                            try await client.execute(
                                uri: "/api/media/uploads?name=a", method: .post, headers: try media.headers(.alice),
                                body: ByteBuffer(repeating: UInt8(number), count: 100)
                            ).status
                        }
                    }
                    return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
                }
                #expect(statuses == [.created: 10, .contentTooLarge: 40])
            }
            #expect(media.stored().partial == [])
        }
    }

    @Test(arguments: [
        Sample("too many pixels", Images.png(50_000, 50_000, data: 30_000)),
        Sample("cut off", Array(Images.jpeg(640, 480).dropLast(2))),
        Sample("too many frames", Images.gif(1, 1, frames: 100_000)), Sample("of no width", Images.png(0, 5)),
    ]) func `M04: an image that is too large, broken or without end is refused`(image: Sample) async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let answer = try await client.execute(
                    uri: "/api/media/uploads?name=a.png", method: .post, headers: try media.headers(.alice),
                    body: ByteBuffer(bytes: image.bytes))
                #expect(answer.status == .badRequest)
                #expect(try answer.decode(ErrorBody.self).fields?.keys.contains("body") == true)
            }
            #expect(media.stored().blobs == [])
            #expect(media.stored().partial == [])
        }
    }

    @Test(arguments: [
        "", "name=", "name=a&chatroomId=x", "name=a&chatroomId=0", "name=a%0Ab", "name=%00", "name=a&name=b",
    ])
    func `an upload without a good name or with a bad chatroom is refused`(query: String) async throws {
        try await withMedia { media in
            try await media.public.test(.router) { client in
                let answer = try await client.execute(
                    uri: "/api/media/uploads?\(query)", method: .post, headers: try media.headers(.alice),
                    body: ByteBuffer(string: "x"))
                #expect(answer.status == .badRequest)
            }
        }
    }

    @Test func `an upload that breaks off leaves nothing`() async throws {
        try await withMedia { media in
            let uploader = media.parts.uploader
            let half = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                continuation.yield(ByteBuffer(repeating: 1, count: 300_000))
                continuation.finish(throwing: ChannelError.inputClosed)
            }
            await #expect(throws: ChannelError.self) {
                try await uploader.upload(
                    .init(asyncSequence: half), announced: 600_000, named: "a", into: nil, by: .alice, key: nil)
            }
            let short = AsyncStream<ByteBuffer> { continuation in
                continuation.yield(ByteBuffer(repeating: 1, count: 10))
                continuation.finish()
            }
            await #expect(throws: RequestError.invalid("body", "is shorter than announced")) {
                try await uploader.upload(
                    .init(asyncSequence: short), announced: 20, named: "a", into: nil, by: .alice, key: nil)
            }
            let left: Int = try await media.sweeper.store.postgres.one("SELECT count(*)::int8 FROM media.uploads")
            #expect(left == 0, "what was reserved is free again")
            #expect(media.stored().blobs == [])
            #expect(media.stored().partial == [])
        }
    }

    @Test func `what an ended process left half done is removed at start, what is being written stays`() async throws {
        try await withMedia { media in
            let partial = media.parts.partial
            let (left, locked) = ("\(media.directory)/partial/left", try partial.make())
            #expect(FileManager.default.createFile(atPath: left, contents: Data([1])))
            try partial.removeAbandoned()
            #expect(!FileManager.default.fileExists(atPath: left))
            #expect(FileManager.default.fileExists(atPath: locked.path))
        }
    }
}
