/// Walks through the blocks of an image without decoding any: finds its size and its frames, and whether it is whole.
struct ImageReader {
    private var bytes: ImageBytes

    init(_ bytes: ImageBytes) { self.bytes = bytes }

    /// - Throws: ``ImageProblem`` for what is not a whole image, and what `read` throws.
    mutating func header(of format: ImageFormat) throws -> ImageHeader {
        switch format {
        case .png: try self.png()
        case .jpeg: try self.jpeg()
        case .gif: try self.gif()
        case .webp: try self.webp()
        }
    }

    // MARK: Formats

    /// PNG (ISO 15948): chunks of length, type, data and checksum, from IHDR to IEND. APNG's frames count.
    private mutating func png() throws -> ImageHeader {
        self.bytes.offset = 8
        var header: ImageHeader?
        while true {
            let length = Int64(try self.bytes.big(4))
            let type = try self.bytes.text(4)
            guard length <= 0x7FFF_FFFF, header != nil || type == "IHDR" else { throw ImageProblem.broken }
            let next = self.bytes.offset + length + 4
            switch type {
            case "IHDR": header = ImageHeader(width: try self.bytes.big(4), height: try self.bytes.big(4), frames: 1)
            case "acTL": header?.frames = max(1, try self.bytes.big(4))
            case "IEND":
                guard next <= self.bytes.size, let header else { throw ImageProblem.broken }
                return header
            default: break
            }
            self.bytes.offset = next
        }
    }

    /// JPEG (ITU-T T.81, annex B): segments up to the picture itself, which ends with EOI.
    private mutating func jpeg() throws -> ImageHeader {
        self.bytes.offset = 2
        var header: ImageHeader?
        while true {
            guard try self.bytes.byte() == 0xFF else { throw ImageProblem.broken }
            var marker = try self.bytes.byte()
            while marker == 0xFF { marker = try self.bytes.byte() }
            switch marker {
            case 0x01, 0xD0...0xD7:
                continue
            case 0xD9, 0xD8, 0x00:
                throw ImageProblem.broken
            case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
                let next = self.bytes.offset + Int64(try self.bytes.big(2))
                _ = try self.bytes.byte()
                let height = try self.bytes.big(2)
                header = ImageHeader(width: try self.bytes.big(2), height: height, frames: 1)
                self.bytes.offset = next
            case 0xDA:
                guard let header else { throw ImageProblem.broken }
                try self.findEndOfJPEG()
                return header
            default:
                let length = try self.bytes.big(2)
                guard length >= 2 else { throw ImageProblem.broken }
                self.bytes.offset += Int64(length - 2)
            }
        }
    }

    /// In the picture's own bytes FF is followed by 00 or a restart marker, so that FF D9 is its end and nothing else.
    private mutating func findEndOfJPEG() throws {
        var last: UInt8 = 0
        while true {
            let byte = try self.bytes.byte()
            if last == 0xFF, byte == 0xD9 { return }
            last = byte
        }
    }

    /// GIF89a: blocks up to the trailer.
    private mutating func gif() throws -> ImageHeader {
        self.bytes.offset = 6
        var header = ImageHeader(width: try self.bytes.little(2), height: try self.bytes.little(2), frames: 0)
        try self.skipColours(flags: try self.bytes.byte(), andBytes: 2)
        while true {
            switch try self.bytes.byte() {
            case 0x21:
                _ = try self.bytes.byte()
                try self.skipSubBlocks()
            case 0x2C:
                header.frames += 1
                self.bytes.offset += 8
                try self.skipColours(flags: try self.bytes.byte(), andBytes: 1)
                try self.skipSubBlocks()
            case 0x3B:
                return header
            default:
                throw ImageProblem.broken
            }
        }
    }

    private mutating func skipColours(flags: UInt8, andBytes more: Int64) throws {
        self.bytes.offset += more
        if flags & 0x80 != 0 { self.bytes.offset += 3 << (Int64(flags & 7) + 1) }
    }

    private mutating func skipSubBlocks() throws {
        while case let length = try self.bytes.byte(), length > 0 { self.bytes.offset += Int64(length) }
    }

    /// WebP (RFC 9649): a RIFF container with VP8, VP8L, or VP8X and what belongs to it.
    private mutating func webp() throws -> ImageHeader {
        self.bytes.offset = 4
        let end = Int64(try self.bytes.little(4)) + 8
        guard end <= self.bytes.size, end >= 20 else { throw ImageProblem.broken }
        self.bytes.offset = 12
        var header: ImageHeader?
        var frames = 0
        while self.bytes.offset < end {
            let type = try self.bytes.text(4)
            let length = Int64(try self.bytes.little(4))
            let next = self.bytes.offset + length + (length & 1)
            switch type {
            case "VP8X":
                self.bytes.offset += 4
                let width = try self.bytes.little(3) + 1
                header = ImageHeader(width: width, height: try self.bytes.little(3) + 1, frames: 1)
            case "VP8 " where header == nil:
                self.bytes.offset += 6
                let width = try self.bytes.little(2) & 0x3FFF
                header = ImageHeader(width: width, height: try self.bytes.little(2) & 0x3FFF, frames: 1)
            case "VP8L" where header == nil:
                guard try self.bytes.byte() == 0x2F else { throw ImageProblem.broken }
                let bits = try self.bytes.little(4)
                header = ImageHeader(width: bits & 0x3FFF + 1, height: bits >> 14 & 0x3FFF + 1, frames: 1)
            case "ANMF":
                frames += 1
            default: break
            }
            guard next <= end else { throw ImageProblem.broken }
            self.bytes.offset = next
        }
        guard var header else { throw ImageProblem.broken }
        header.frames = max(1, frames)
        return header
    }
}

/// Why an image is not taken.
enum ImageProblem: String, Error, Hashable {
    case broken = "is an image that is broken or cut off"
    case tooManyPixels = "is an image of too many pixels"
    case tooManyFrames = "is an image of too many frames"
}
