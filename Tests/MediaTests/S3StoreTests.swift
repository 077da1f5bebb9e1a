import AsyncHTTPClient
import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import NIOCore
import ServiceKit
import Synchronization
import TestServers
import Testing

@testable import Media

/// Against `rclone serve s3`, which checks signatures. Where there is none (`TEST_RCLONE`, or what Tests/run installs), they
/// are left out.
@Suite(.enabled(if: Rclone.path != nil)) struct S3StoreTests {
    @Test(arguments: ["", "some/where"]) func `a bucket keeps what a disk keeps`(prefix: String) async throws {
        try await Rclone.with { rclone in
            let location = try #require(S3Location("s3://media/\(prefix)?endpoint=\(rclone.endpoint)&region=eu"))
            let store = S3Store(client: S3Client(location: location, credentials: rclone.credentials))
            try await BlobStoreRules.check(store)
        }
    }

    @Test func `a large content goes in parts`() async throws {
        try await Rclone.with { rclone in
            let location = try #require(S3Location("s3://media?endpoint=\(rclone.endpoint)"))
            let client = S3Client(location: location, credentials: rclone.credentials)
            try await BlobStoreRules.check(S3Store(client: client, partSize: 5 << 20), size: 12 << 20)
        }
    }

    @Test func `another's key and another secret open nothing`() async throws {
        try await Rclone.with { rclone in
            let location = try #require(S3Location("s3://media?endpoint=\(rclone.endpoint)"))
            let forged = S3Credentials(id: rclone.credentials.id, secret: "another")
            let store = S3Store(client: S3Client(location: location, credentials: forged))
            await #expect(throws: S3Failed.self) { _ = try await store.list(after: nil, limit: 1) }
        }
    }

    @Test func `Media on a bucket: images, parts, resumed uploads, recalls`() async throws {
        try await Rclone.with { rclone in
            let environment = [
                "MEDIA_STORE": "s3://media/files?endpoint=\(rclone.endpoint)&region=eu",
                "MEDIA_S3_ACCESS_KEY_ID": rclone.credentials.id,
                "MEDIA_S3_SECRET_ACCESS_KEY": rclone.credentials.secret,
            ]
            try await withMedia(environment) { media in
                let content = [UInt8]((0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
                try await media.public.test(.router) { client in
                    let tus = Tus(client: client, media: media)
                    let id = try await tus.create(content.count, "a.bin", chatroom: .lobby)
                    #expect(try await tus.patch(id, at: 0, content[..<1_000]).status == .noContent)
                    #expect(try await tus.patch(id, at: 1_000, content[1_000...]).status == .noContent)
                    let file = try await client.execute(uri: id, method: .get, headers: try media.headers(.alice))
                        .decode(MediaFile.self)
                    let read = try await client.execute(uri: file.url, method: .get, headers: try media.headers(.bob))
                    #expect(read.bytes == content)
                    let part = try await client.execute(
                        uri: file.url, method: .get, headers: try media.headers(.bob, [.range: "bytes=1000-299999"]))
                    #expect(part.status == .partialContent && part.bytes == Array(content[1_000..<300_000]))
                    let head = try await client.execute(uri: file.url, method: .head, headers: try media.headers(.bob))
                    #expect(head.headers[.contentLength] == "400000")
                    #expect(media.stored().blobs == [] && media.stored().partial == [])
                    #expect(try await media.parts.blobs.list(after: nil, limit: 10).count == 1)
                    let gone = try await client.execute(
                        uri: "/api/media/files/\(file.id)", method: .delete, headers: try media.headers(.alice))
                    #expect(gone.status == .noContent)
                    try await media.sweeper.free()
                    #expect(try await media.parts.blobs.list(after: nil, limit: 10) == [])
                }
            }
        }
    }
}

/// A store that fails in ways that a real one has: what is tried again, and what is not.
@Suite struct S3RetryTests {
    @Test func `a store that is busy, or breaks off, is asked again, from where it broke off`() async throws {
        let content = [UInt8]((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let asked = Mutex<[String]>([])
        let router = Router()
        router.get("**") { request, _ -> Response in
            let range = request.headers[.range] ?? "none"
            let count = asked.withLock { asked in
                asked.append(range)
                return asked.count
            }
            if count <= 2 { return Response(status: .serviceUnavailable) }
            guard let start = Int(range.dropFirst("bytes=".count).prefix { $0 != "-" }) else {
                return Response(status: .badRequest)
            }
            let rest = content[start...]
            let body = ResponseBody(contentLength: rest.count) { writer in
                // Half of what is left, and then the line breaks.
                let half = rest.count > 30_000 ? rest.prefix(rest.count / 2) : rest
                try await writer.write(ByteBuffer(bytes: half))
                if half.count < rest.count { throw ChannelError.eof }
                try await writer.finish(nil)
            }
            return Response(
                status: .partialContent,
                headers: [.contentRange: "bytes \(start)-\(content.count - 1)/\(content.count)"], body: body)
        }
        try await Application(router: router, logger: .tests).test(.live) { client in
            let location = try #require(S3Location("s3://media?endpoint=http://127.0.0.1:\(client.port ?? 0)"))
            let store = S3Store(
                client: S3Client(location: location, credentials: S3Credentials(id: "a", secret: "b")))
            let name = BlobName(.content, String(repeating: "ab", count: 32))
            #expect(try await BlobStoreRules.read(store, name, 1_000..<200_000) == Array(content[1_000...]))
        }
        let ranges = asked.withLock { $0 }
        #expect(ranges.prefix(3).allSatisfy { $0 == "bytes=1000-199999" })
        #expect(Set(ranges.dropFirst(2)).count == ranges.count - 2, "each time from another place: \(ranges)")
        #expect(ranges.count <= 10)
    }

    @Test func `a refusal is not asked again, and a store that stays away is given up`() async throws {
        let asked = Mutex(0)
        let router = Router()
        router.put("**") { _, _ -> Response in
            asked.withLock { $0 += 1 }
            return Response(
                status: .forbidden,
                body: ResponseBody(byteBuffer: ByteBuffer(string: "<Error><Code>AccessDenied</Code></Error>")))
        }
        router.delete("**") { _, _ -> Response in
            asked.withLock { $0 += 1 }
            return Response(status: .internalServerError)
        }
        let path = FileManager.default.temporaryDirectory.appending(path: "content-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(FileManager.default.createFile(atPath: path, contents: Data([1, 2, 3])))
        try await Application(router: router, logger: .tests).test(.live) { client in
            let location = try #require(S3Location("s3://media?endpoint=http://127.0.0.1:\(client.port ?? 0)"))
            let store = S3Store(
                client: S3Client(location: location, credentials: S3Credentials(id: "a", secret: "b")))
            let name = BlobName(.content, String(repeating: "ab", count: 32))
            let error = await #expect(throws: S3Failed.self) { try await store.store(path, size: 3, as: name) }
            #expect(error?.description == "S3: 403 AccessDenied")
            #expect(asked.withLock { $0 } == 1)
            await #expect(throws: S3Failed.self) { try await store.remove(name) }
            #expect(asked.withLock { $0 } == 5)
        }
    }
}

/// `rclone serve s3` on a folder and a port of its own.
struct Rclone: Sendable {
    static let path: String? = {
        let own = URL(filePath: #filePath).appending(path: "../../../.local/venv/bin/rclone").standardizedFileURL.path()
        let path = ProcessInfo.processInfo.environment["TEST_RCLONE"] ?? own
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    let endpoint: String
    let credentials = S3Credentials(id: "teahouse", secret: "a secret of the tests alone")

    static func with(_ test: @Sendable (Rclone) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "rclone-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let rclone = Rclone(endpoint: "http://127.0.0.1:\(try TestPort.free())")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/setpriv")
        process.arguments = [
            "--pdeathsig", "KILL", "--", try #require(Self.path), "serve", "s3", "--config", "/dev/null", "--addr",
            String(rclone.endpoint.dropFirst("http://".count)), "--auth-key",
            "\(rclone.credentials.id),\(rclone.credentials.secret)", "--cache-dir",
            folder.appending(path: "cache").path(),
            "--no-modtime", "--quiet", folder.appending(path: "data").path(),
        ]
        try FileManager.default.createDirectory(
            at: folder.appending(path: "data/media"), withIntermediateDirectories: true)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let result: Result<Void, any Error>
        do {
            try await rclone.answers()
            result = .success(try await test(rclone))
        } catch {
            result = .failure(error)
        }
        process.terminate()
        process.waitUntilExit()
        try result.get()
    }

    private func answers() async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            do {
                _ = try await HTTPClient.shared.execute(HTTPClientRequest(url: self.endpoint), timeout: .seconds(5))
                return
            } catch  where ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
