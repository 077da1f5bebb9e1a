import Foundation
import NIOCore
import Testing

@testable import Media

@Suite struct DiskStoreTests {
    @Test func `a content is written under its name, read in parts, listed and removed`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await BlobStoreRules.check(try DiskStore(directory: folder))
    }

    @Test func `a name that is none of ours is none`() {
        let copy = BlobName.newCopy(of: ContentHash(Array(repeating: 0xAB, count: 32)))
        #expect(BlobName(path: BlobName(.content, copy).description)?.copy == copy)
        #expect(BlobName(path: "blobs/ab/ab/\(String(repeating: "ab", count: 32))") != nil)
        for path in [
            "", "blobs", "blobs/ab/cd/\(copy)", "other/ab/ab/\(copy)", "blobs/ab/ab/abab", "blobs/ab/ab/\(copy)/x",
        ] {
            #expect(BlobName(path: path) == nil, "\(path)")
        }
    }

    @Test func `a part of a file comes in pieces, and no more than there is`() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "chunks-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let content = [UInt8]((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        #expect(FileManager.default.createFile(atPath: path, contents: Data(content)))
        let file = try #require(try ReadableFile(path: path))
        for pace in [nil, ReadPace()] {
            var read: [UInt8] = []
            for try await chunk in FileChunks(file: file, range: 1_000..<2_999_999, pace: pace) {
                #expect(chunk.readableBytes <= pace?.size ?? ReadPace.largest)
                read += chunk.readableBytesView
            }
            #expect(read == Array(content[1_000..<2_999_999]))
        }
        await #expect(throws: BlobCutOff.self) {
            for try await _ in FileChunks(file: file, range: 2_999_990..<3_000_010) {}
        }
    }

    @Test func `who takes a file as it comes is given much at a time, and who lets it wait little again`() async throws
    {
        let pace = ReadPace()
        for _ in 0..<31 {
            try await pace.wrote(ReadPace.smallest, in: .milliseconds(1))
            #expect(pace.size == ReadPace.smallest)
        }
        for size in [32, 64, 128, 256, 256] {
            try await pace.wrote(pace.size, in: .milliseconds(99))
            #expect(pace.size == size * 1_024)
        }
        try await pace.wrote(pace.size, in: .milliseconds(100))
        #expect(pace.size == ReadPace.smallest)
        try await pace.wrote(pace.size, in: .milliseconds(1))
        #expect(pace.size == ReadPace.smallest)
    }
}

/// What every store does.
enum BlobStoreRules {
    static func check(_ store: any BlobStore, size: Int = 700_000) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "content-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let content = [UInt8]((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        #expect(FileManager.default.createFile(atPath: path, contents: Data(content)))
        let before = Date(timeIntervalSinceNow: -2)
        let copies = (0..<5).map { BlobName.newCopy(of: ContentHash(Array(repeating: UInt8($0 * 40), count: 32))) }
        let names = copies.map { BlobName(.content, $0) } + [BlobName(.thumbnail, copies[0])]
        for name in names { try await store.store(path, size: Int64(size), as: name) }

        #expect(try await self.read(store, names[0], nil) == content)
        for range in [0..<1, 0..<size, 1_000..<size - 7, size - 1..<size] {
            let part = Int64(range.lowerBound)..<Int64(range.upperBound)
            #expect(try await self.read(store, names[1], part) == Array(content[range]))
        }
        await #expect(throws: BlobCutOff.self) { _ = try await self.read(store, names[0], 0..<Int64(size + 1)) }

        var listed: [StoredBlob] = []
        while case let page = try await store.list(after: listed.last?.name, limit: 4), !page.isEmpty { listed += page }
        #expect(listed.map(\.name) == names.sorted())
        #expect(listed.allSatisfy { $0.storedAt > before && $0.storedAt < Date(timeIntervalSinceNow: 60) })

        try await store.remove(names[0])
        try await store.remove(names[0])
        await #expect(throws: BlobMissing.self) { _ = try await store.read(names[0], 0..<1) }
        await #expect(throws: BlobMissing.self) { _ = try await store.read(names[0], nil) }
        #expect(try await self.read(store, names[5], nil) == content)
        #expect(FileManager.default.fileExists(atPath: path), "what was stored is copied, not moved")
    }

    static func read(_ store: any BlobStore, _ name: BlobName, _ part: Range<Int64>?) async throws -> [UInt8] {
        let content = try await store.read(name, part)
        var bytes: [UInt8] = []
        for try await chunk in content.chunks { bytes += chunk.readableBytesView }
        #expect(Int64(bytes.count) == content.size)
        return bytes
    }
}
