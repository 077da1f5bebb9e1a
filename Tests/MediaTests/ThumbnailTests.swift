import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import ServiceKit
import Testing

@testable import Media

@Suite struct ThumbnailTests {
    private func upload(_ media: MediaFixture, _ bytes: [UInt8], name: String = "a") async throws -> MediaFile {
        try await media.public.test(.router) { client in
            try await client.execute(
                uri: "/api/media/uploads?name=\(name)&chatroomId=10", method: .post, headers: try media.headers(.alice),
                body: ByteBuffer(bytes: bytes)
            ).decode()
        }
    }

    /// A picture of one colour, as libvips itself writes it.
    private func picture(_ width: Int, _ height: Int, _ suffix: String) throws -> [UInt8] {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).\(suffix)").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let source = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).ppm").path()
        defer { try? FileManager.default.removeItem(atPath: source) }
        let pixels = Data((0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 / 3) })
        try (Data("P6 \(width) \(height) 255\n".utf8) + pixels).write(to: URL(filePath: source))
        let process = try Process.run(
            URL(filePath: "/usr/bin/vipsthumbnail"), arguments: [source, "--size", "\(width)x\(height)>", "-o", path])
        process.waitUntilExit()
        return Array(try Data(contentsOf: URL(filePath: path)))
    }

    @Test(arguments: ["jpg", "png", "webp", "gif"])
    func `a large image has a thumbnail for those who may read it`(suffix: String) async throws {
        try await withMedia { media in
            let file = try await self.upload(media, try self.picture(900, 600, suffix))
            let path = try #require(file.thumbnail)
            #expect(file.width == 900 && file.height == 600)
            #expect(path == "/api/media/files/\(file.id.uuidString.lowercased())/thumbnail")
            #expect(media.stored().partial == [])
            try await media.public.test(.router) { client in
                let read = try await client.execute(uri: path, method: .get, headers: try media.headers(.bob))
                #expect(read.status == .ok)
                #expect(read.headers[.contentType] == "image/webp")
                #expect(read.headers[.xContentTypeOptions] == "nosniff")
                var reader = ImageReader(ImageBytes(read.bytes))
                #expect(try reader.header(of: .webp) == ImageHeader(width: 480, height: 320, frames: 1))
                let tag = try #require(read.headers[.eTag])
                let same = try await client.execute(
                    uri: path, method: .get, headers: try media.headers(.bob, [.ifNoneMatch: tag]))
                #expect(same.status == .notModified)
                let hidden = try await client.execute(uri: path, method: .get, headers: try media.headers(.mallory))
                #expect(hidden.status == .notFound)
                #expect(try await client.execute(uri: path, method: .get).status == .unauthorized)
                let deleted = try await client.execute(
                    uri: "/api/media/files/\(file.id)", method: .delete, headers: try media.headers(.alice))
                #expect(deleted.status == .noContent)
                let gone = try await client.execute(uri: path, method: .get, headers: try media.headers(.bob))
                #expect(gone.status == .notFound)
            }
            try await media.sweeper.free()
            #expect(media.files("/thumbnails") == [] && media.stored().blobs == [])
        }
    }

    @Test func `a small image, a file, and what cannot be decoded have none`() async throws {
        try await withMedia { media in
            let small = try self.picture(48, 48, "png")
            for bytes in [small, Array("text".utf8), Images.png(2_000, 2_000), Images.jpeg(2_000, 2_000)] {
                let file = try await self.upload(media, bytes, name: "thumbnail")
                #expect(file.thumbnail == nil)
                #expect(file.name == "thumbnail")
                try await media.public.test(.router) { client in
                    let none = try await client.execute(
                        uri: "/api/media/files/\(file.id)/thumbnail", method: .get, headers: try media.headers(.bob))
                    #expect(none.status == .notFound)
                    // Its own address is not that of a thumbnail, whatever its name.
                    let read = try await client.execute(uri: file.url, method: .get, headers: try media.headers(.bob))
                    #expect(read.bytes == bytes || bytes != small && read.status == .ok)
                }
            }
            #expect(media.files("/thumbnails") == [] && media.stored().partial == [])
        }
    }
}
