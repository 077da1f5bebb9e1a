import ServiceKit

/// What was uploaded: all of it on the disk, looked at, and not yet in its place.
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

/// Looks at files that have come whole: says what they are, frees images of what they would tell of their maker, asks the
/// scanner, makes thumbnails.
struct Examiner: Sendable {
    let partial: PartialFiles
    let limits: UploadLimits
    let scanner: Scanner?

    /// - Returns: the upload; its file is another than `file` where that is an image.
    /// - Throws: `invalid` for a broken image, ``MediaError/mediaRefused``, ``ScannerFailed``.
    func examine(_ file: PartialFile) async throws -> Upload {
        let format = try await Disk.read { try Self.format(of: file) }
        var upload: Upload
        if let format {
            upload = try await self.image(file, format)
        } else {
            upload = Upload(
                file: file, sha256: try await file.hash(), size: file.size, type: "application/octet-stream")
        }
        do {
            // What is stored is what is scanned, and before any decoder of ours meets it.
            try await self.scanner?.check(upload.file.path)
        } catch {
            await self.discard(upload)
            throw error
        }
        if format != nil, Thumbnails.isWorthwhile(upload) {
            upload.thumbnail = await Thumbnails.make(of: upload.file.path)
        }
        return upload
    }

    /// Removes what an upload has on the disk, but for what is to be resumed.
    func discard(_ upload: Upload) async {
        try? await Disk.write {
            if !upload.file.isResumable { upload.file.discard() }
            if let thumbnail = upload.thumbnail { PartialFiles.remove(thumbnail) }
        }
    }

    /// Which image a file is, by its first bytes.
    static func format(of file: PartialFile) throws -> ImageFormat? {
        ImageFormat(signature: try file.read(at: 0, count: ImageFormat.signatureBytes))
    }

    private func image(_ file: PartialFile, _ format: ImageFormat) async throws -> Upload {
        guard file.size <= self.limits.imageBytes else { throw RequestError.tooLarge }
        let stripped = try await Disk.write { try self.partial.make() }
        do {
            let (header, swapsSides) = try await Disk.write {
                let header = try self.inspect(file, format)
                var stripper = MetadataStripper(file.image) { try stripped.append($0) }
                return (header, try stripper.strip(format).swapsSides)
            }
            return Upload(
                file: stripped, sha256: try await stripped.hash(), size: stripped.size, type: format.rawValue,
                width: swapsSides ? header.height : header.width, height: swapsSides ? header.width : header.height)
        } catch {
            try? await Disk.write { stripped.discard() }
            guard let problem = error as? ImageProblem else { throw error }
            throw RequestError.invalid("body", problem.rawValue)
        }
    }

    private func inspect(_ file: PartialFile, _ format: ImageFormat) throws -> ImageHeader {
        var reader = ImageReader(file.image)
        let header = try reader.header(of: format)
        guard header.width > 0, header.height > 0 else { throw ImageProblem.broken }
        guard header.width <= self.limits.pixels / header.height else { throw ImageProblem.tooManyPixels }
        guard header.frames <= self.limits.frames else { throw ImageProblem.tooManyFrames }
        return header
    }
}

extension PartialFile {
    fileprivate var image: ImageBytes { ImageBytes(size: self.size) { try self.read(at: $0, count: $1) } }
}
