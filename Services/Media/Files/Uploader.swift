import Hummingbird
import NIOCore
import ServiceKit
import Synchronization

/// What was uploaded: all of it on the disk, and not yet in its place.
struct Upload: Sendable {
    var file: PartialFile
    var sha256: ContentHash
    var size: Int64
    var type: String
    var width: Int?
    var height: Int?
    /// The path of a smaller image of it.
    var thumbnail: String?
}

/// Takes the bytes of an upload: to disk while they are hashed, counted as they come, looked at, and freed of what they
/// would tell of their maker.
///
/// A `final class` for its count of uploads under way.
final class Uploader: Sendable {
    let blobs: BlobStore
    let limits: UploadLimits
    private let underWay = Atomic<Int>(0)

    init(blobs: BlobStore, limits: UploadLimits) {
        self.blobs = blobs
        self.limits = limits
    }

    /// - Parameters:
    ///   - announced: what `Content-Length` says, if anything.
    ///   - room: bytes left in the quota.
    /// - Throws: `tooLarge` as soon as a limit is passed, ``MediaError/quotaExceeded``, `invalid` for a body shorter than
    ///   announced or a broken image, `unavailable` where too many are under way. Then nothing stays on the disk.
    func take(_ body: RequestBody, announced: Int64?, room: Int64) async throws -> Upload {
        defer { self.underWay.wrappingSubtract(1, ordering: .relaxed) }
        guard self.underWay.wrappingAdd(1, ordering: .relaxed).oldValue < self.limits.atOnce else {
            throw RequestError.unavailable
        }
        if let announced {
            guard announced <= self.limits.fileBytes else { throw RequestError.tooLarge }
            guard announced <= room else { throw MediaError.quotaExceeded }
        }
        let file = try await Disk.run { [blobs] in try blobs.makePartialFile() }
        do {
            return try await self.fill(file, from: body, announced: announced, room: room)
        } catch {
            // Before the answer, and not only when the last reference goes.
            try? await Disk.run { file.discard() }
            throw error
        }
    }

    private func fill(
        _ file: PartialFile, from body: RequestBody, announced: Int64?, room: Int64
    ) async throws -> Upload {
        let format = try await self.receive(body, into: file, room: room)
        if let announced, file.size != announced { throw RequestError.invalid("body", "is shorter than announced") }
        var upload = try await Disk.run { try self.finish(file, format) }
        if format != nil, Thumbnails.isWorthwhile(upload) {
            upload.thumbnail = await Thumbnails.make(of: upload.file.path)
        }
        return upload
    }

    /// Looks at a file that has come whole, and takes an image's metadata out of it.
    private func finish(_ file: PartialFile, _ format: ImageFormat?) throws -> Upload {
        guard let format else {
            try file.synchronize()
            return Upload(file: file, sha256: file.hash, size: file.size, type: "application/octet-stream")
        }
        let stripped = try self.blobs.makePartialFile()
        do {
            let header = try Self.inspect(file, format, self.limits)
            var stripper = MetadataStripper(file.image) { try stripped.append($0) }
            let swapsSides = try stripper.strip(format).swapsSides
            try stripped.synchronize()
            file.discard()
            return Upload(
                file: stripped, sha256: stripped.hash, size: stripped.size, type: format.rawValue,
                width: swapsSides ? header.height : header.width, height: swapsSides ? header.width : header.height)
        } catch {
            stripped.discard()
            guard let problem = error as? ImageProblem else { throw error }
            throw RequestError.invalid("body", problem.rawValue)
        }
    }

    /// - Returns: which image it is, if one.
    private func receive(_ body: RequestBody, into file: PartialFile, room: Int64) async throws -> ImageFormat? {
        var pending: [UInt8] = []
        var received: Int64 = 0
        var format: ImageFormat?
        var limit = self.limits.fileBytes
        for try await buffer in body {
            received += Int64(buffer.readableBytes)
            guard received <= limit else { throw RequestError.tooLarge }
            guard received <= room else { throw MediaError.quotaExceeded }
            pending.append(contentsOf: buffer.readableBytesView)
            let isFirst = file.size == 0 && format == nil
            if isFirst, let found = ImageFormat(signature: pending) {
                format = found
                limit = min(limit, self.limits.imageBytes)
                guard received <= limit else { throw RequestError.tooLarge }
            }
            guard pending.count >= 256 * 1024 else { continue }
            try await Disk.run { [pending] in try file.append(pending) }
            pending.removeAll(keepingCapacity: true)
        }
        let last = pending
        try await Disk.run { try file.append(last) }
        return format
    }

    private static func inspect(_ file: PartialFile, _ format: ImageFormat, _ limits: UploadLimits) throws
        -> ImageHeader
    {
        var reader = ImageReader(file.image)
        let header = try reader.header(of: format)
        guard header.width > 0, header.height > 0 else { throw ImageProblem.broken }
        guard header.width <= limits.pixels / header.height else { throw ImageProblem.tooManyPixels }
        guard header.frames <= limits.frames else { throw ImageProblem.tooManyFrames }
        return header
    }
}

extension PartialFile {
    fileprivate var image: ImageBytes { ImageBytes(size: self.size) { try self.read(at: $0, count: $1) } }
}
