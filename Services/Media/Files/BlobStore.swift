import Foundation
import NIOCore

/// Where the contents are: written once under a name that is used once, read in parts, removed. ``DiskStore`` keeps them
/// in folders, ``S3Store`` in a bucket.
protocol BlobStore: Sendable {
    /// Copies a finished file; it is there for good when this returns. The file itself stays.
    func store(_ path: String, size: Int64, as name: BlobName) async throws

    /// A part of a content, or all of it.
    ///
    /// - Throws: ``BlobMissing``; and while it is read, where the store does not give all of it.
    func read(_ name: BlobName, _ part: Range<Int64>?) async throws -> BlobContent

    /// Frees the bytes, which may be gone already.
    func remove(_ name: BlobName) async throws

    /// What is stored, in the order of its names.
    func list(after name: BlobName?, limit: Int) async throws -> [StoredBlob]
}

/// The name of one stored copy, as the path that it has in a store: `blobs/ab/cd/abcd….1f3a5b7c`.
///
/// Each copy of a content has a name of its own, so that storing one never meets the removal of another.
struct BlobName: Hashable, Sendable, Comparable, CustomStringConvertible {
    enum Kind: String, CaseIterable, Sendable {
        case content = "blobs"
        case thumbnail = "thumbnails"
    }

    let description: String

    /// - Parameter copy: as rows have it: the hash in hexadecimal, and what makes it this copy.
    init(_ kind: Kind, _ copy: String) {
        self.description = "\(kind.rawValue)/\(copy.prefix(2))/\(copy.dropFirst(2).prefix(2))/\(copy)"
    }

    /// What a store has listed; `nil` for what is none of ours.
    init?(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, let kind = Kind(rawValue: String(parts[0])), parts[3].utf8.count >= 64 else {
            return nil
        }
        self.init(kind, String(parts[3]))
        guard self.description == path else { return nil }
    }

    /// As rows have it.
    var copy: String { String(self.description.split(separator: "/").last ?? "") }

    /// A name that no other copy has.
    static func newCopy(of content: ContentHash) -> String {
        let tag = String(UInt64.random(in: .min ... .max), radix: 16)
        return "\(content).\(String(repeating: "0", count: 16 - tag.count))\(tag)"
    }

    static func < (first: BlobName, second: BlobName) -> Bool { first.description < second.description }
}

/// Bytes on their way out of a store, read as they are asked for.
struct BlobContent: Sendable {
    /// How many will come.
    let size: Int64
    /// How much is read at a time, where the store lets one choose; who writes it on says how it is taken.
    var pace = ReadPace()
    let chunks: any AsyncSequence<ByteBuffer, any Error> & Sendable
}

struct StoredBlob: Hashable, Sendable {
    let name: BlobName
    let storedAt: Date
}

/// A store has nothing under a name.
struct BlobMissing: Error {}

/// A store has less of a content than its row says.
struct BlobCutOff: Error {}
