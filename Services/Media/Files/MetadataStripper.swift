/// Copies an image without what tells of its maker: place, time, camera, software, texts, previews, and whatever follows
/// its end. The picture itself stays bit for bit, as do colour profile, orientation and the loop of an animation.
///
/// What is kept is listed; all else goes, known or not. No more than 128 KiB are held at a time.
struct MetadataStripper {
    private static let chunk = 64 * 1024
    private var source: ImageBytes
    private let write: ([UInt8]) throws -> Void
    private var pending: [UInt8] = []
    /// The part that is to be copied next; grows while what is kept is of one piece.
    private var kept: Range<Int64> = 0..<0
    private var orientation = ImageOrientation.upright

    init(_ source: ImageBytes, write: @escaping ([UInt8]) throws -> Void) {
        self.source = source
        self.write = write
    }

    /// - Returns: how it is turned when it is shown.
    /// - Throws: ``ImageProblem/broken``, and what reading and writing throw.
    mutating func strip(_ format: ImageFormat) throws -> ImageOrientation {
        switch format {
        case .png: try self.png()
        case .jpeg: try self.jpeg()
        case .gif: try self.gif()
        case .webp: try self.webp()
        }
        try self.flushKept()
        try self.write(self.pending)
        return self.orientation
    }

    // MARK: JPEG

    /// ITU-T T.81, annex B. Of the APPn it keeps JFIF's densities, the colour profile and Adobe's colour transform.
    private mutating func jpeg() throws {
        self.source.offset = 2
        try self.keep(0..<2)
        while true {
            guard try self.source.byte() == 0xFF else { throw ImageProblem.broken }
            var marker = try self.source.byte()
            while marker == 0xFF { marker = try self.source.byte() }
            let start = self.source.offset - 2
            switch marker {
            case 0x01, 0xD0...0xD7: continue
            case 0x00, 0xD8: throw ImageProblem.broken
            case 0xD9: return try self.keep(start..<start + 2)
            default: break
            }
            let length = try self.source.big(2)
            guard length >= 2 else { throw ImageProblem.broken }
            let end = start + 2 + Int64(length)
            try self.jpegSegment(marker, start..<end)
            self.source.offset = end
            if marker == 0xDA { try self.jpegScan() }
        }
    }

    private mutating func jpegSegment(_ marker: UInt8, _ range: Range<Int64>) throws {
        func begins(_ text: String) throws -> Bool {
            let bytes = Array(text.utf8)
            guard range.count >= 4 + bytes.count else { return false }
            return try self.source.part(range.lowerBound + 4..<range.lowerBound + 4 + Int64(bytes.count)) == bytes
        }
        switch marker {
        case 0xE0:
            // Up to the densities: the preview that may follow shows what was cut away.
            guard try begins("JFIF\0"), range.count >= 18 else { return }
            let densities = try self.source.part(range.lowerBound + 4..<range.lowerBound + 16)
            try self.emit([0xFF, 0xE0, 0, 16] + densities + [0, 0])
        case 0xE1:
            guard try begins("Exif\0\0") else { return }
            guard self.found(try self.source.part(range.lowerBound + 4..<range.upperBound)) else { return }
            let exif = ImageOrientation.introduction + self.orientation.exif
            try self.emit([0xFF, 0xE1, 0, UInt8(exif.count + 2)] + exif)
        case 0xE2:
            if try begins("ICC_PROFILE\0") { try self.keep(range) }
        case 0xEE:
            guard try begins("Adobe"), range.count >= 16 else { return }
            try self.emit([0xFF, 0xEE, 0, 14] + self.source.part(range.lowerBound + 4..<range.lowerBound + 16))
        case 0xE3...0xEF, 0xF0...0xFE: break
        default: try self.keep(range)
        }
    }

    /// The picture's own bytes: FF in them is followed by 00 or a restart marker.
    private mutating func jpegScan() throws {
        let start = self.source.offset
        var last: UInt8 = 0
        while true {
            let byte = try self.source.byte()
            if last == 0xFF, byte != 0, byte != 0xFF, !(0xD0...0xD7).contains(byte) { break }
            last = byte
        }
        self.source.offset -= 2
        try self.keep(start..<self.source.offset)
    }

    // MARK: PNG

    /// Everything that the picture, its colours and an animation need.
    private static let pngChunks: Set<String> = [
        "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "mDCV", "cLLI", "sBIT", "bKGD",
        "pHYs", "acTL", "fcTL", "fdAT",
    ]

    /// ISO 15948, and eXIf of its third edition.
    private mutating func png() throws {
        self.source.offset = 8
        try self.keep(0..<8)
        while true {
            let start = self.source.offset
            let length = Int64(try self.source.big(4))
            let type = try self.source.text(4)
            let end = start + 12 + length
            if Self.pngChunks.contains(type) {
                try self.keep(start..<end)
            } else if type == "eXIf", self.found(try self.exif(start + 8, length)) {
                let chunk = Array("eXIf".utf8) + self.orientation.exif
                try self.emit([0, 0, 0, UInt8(chunk.count - 4)] + chunk + Self.checksum(chunk))
            }
            if type == "IEND" { return }
            self.source.offset = end
        }
    }

    /// CRC-32 (ISO 15948, annex D), bit by bit: thirty bytes need no table.
    private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
        let crc = ~bytes.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: crc >> $0) }
    }

    // MARK: GIF

    /// GIF89a. Of the extensions it keeps what is drawn or timed, and the count of an animation's rounds.
    private mutating func gif() throws {
        self.source.offset = 10
        try self.skipColours(flags: try self.source.byte(), andBytes: 2)
        try self.keep(0..<self.source.offset)
        while true {
            let start = self.source.offset
            switch try self.source.byte() {
            case 0x21:
                let label = try self.source.byte()
                if label == 0xFF, let loop = try self.gifLoop() {
                    try self.emit([0x21, 0xFF, 11] + loop)
                } else {
                    try self.skipSubBlocks()
                    if label == 0xF9 || label == 0x01 { try self.keep(start..<self.source.offset) }
                }
            case 0x2C:
                self.source.offset += 8
                try self.skipColours(flags: try self.source.byte(), andBytes: 1)
                try self.skipSubBlocks()
                try self.keep(start..<self.source.offset)
            case 0x3B: return try self.keep(start..<start + 1)
            default: throw ImageProblem.broken
            }
        }
    }

    /// Reads an application's extension if it is the one that says how often to play.
    ///
    /// - Returns: its name and the number, as they are written; `nil`, and nothing read, if it is another.
    private mutating func gifLoop() throws -> [UInt8]? {
        let start = self.source.offset
        guard try self.source.byte() == 11, case let name = try self.source.next(11),
            name == Array("NETSCAPE2.0".utf8) || name == Array("ANIMEXTS1.0".utf8),
            try self.source.byte() == 3, case let loop = try self.source.next(3), loop[0] == 1
        else {
            self.source.offset = start
            return nil
        }
        try self.skipSubBlocks()
        return name + [3] + loop + [0]
    }

    private mutating func skipColours(flags: UInt8, andBytes more: Int64) throws {
        self.source.offset += more
        if flags & 0x80 != 0 { self.source.offset += 3 << (Int64(flags & 7) + 1) }
    }

    private mutating func skipSubBlocks() throws {
        while case let length = try self.source.byte(), length > 0 { self.source.offset += Int64(length) }
    }

    // MARK: WebP

    private static let webpChunks: Set<String> = ["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"]

    /// RFC 9649. Its front says how long it is and what is in it, so that the chunks are looked through before.
    private mutating func webp() throws {
        self.source.offset = 4
        let end = Int64(try self.source.little(4)) + 8
        var chunks: Int64 = 4
        try self.webpChunks(to: end) { stripper, type, range in
            if Self.webpChunks.contains(type) {
                chunks += Int64(range.count)
            } else if type == "EXIF", stripper.orientation == .upright {
                let length = Int64(range.count) - 8
                if stripper.found(try stripper.exif(range.lowerBound + 8, length)) {
                    chunks += 8 + Int64(stripper.orientation.exif.count)
                }
            }
        }
        let size = (0..<4).map { UInt8(truncatingIfNeeded: chunks >> (8 * $0)) }
        try self.emit(Array("RIFF".utf8) + size + Array("WEBP".utf8))
        try self.webpChunks(to: end) { stripper, type, range in
            guard Self.webpChunks.contains(type) else { return }
            guard type == "VP8X", range.count >= 18 else { return try stripper.keep(range) }
            var header = try stripper.source.part(range)
            // Of its flags X is for XMP, E for Exif.
            header[8] &= ~0x0C
            if stripper.orientation != .upright { header[8] |= 0x08 }
            try stripper.emit(header)
        }
        if self.orientation != .upright {
            let exif = self.orientation.exif
            try self.emit(Array("EXIF".utf8) + [UInt8(exif.count), 0, 0, 0] + exif)
        }
    }

    private mutating func webpChunks(
        to end: Int64, _ body: (inout MetadataStripper, String, Range<Int64>) throws -> Void
    ) throws {
        self.source.offset = 12
        while self.source.offset < end {
            let start = self.source.offset
            let type = try self.source.text(4)
            let length = Int64(try self.source.little(4))
            let next = start + 8 + length + (length & 1)
            try body(&self, type, start..<next)
            self.source.offset = next
        }
    }

    // MARK: What all need

    /// Exif of a chunk that may be as long as it likes: its orientation stands near its front.
    private func exif(_ start: Int64, _ length: Int64) throws -> [UInt8] {
        try self.source.part(start..<start + min(length, Int64(Self.chunk)))
    }

    /// Whether this is the first Exif that says the image is to be turned.
    private mutating func found(_ exif: [UInt8]) -> Bool {
        guard self.orientation == .upright, let orientation = ImageOrientation(exif: exif) else { return false }
        self.orientation = orientation
        return orientation != .upright
    }

    private mutating func keep(_ range: Range<Int64>) throws {
        if range.lowerBound == self.kept.upperBound {
            self.kept = self.kept.lowerBound..<range.upperBound
        } else {
            try self.flushKept()
            self.kept = range
        }
    }

    private mutating func emit(_ bytes: [UInt8]) throws {
        try self.flushKept()
        try self.append(bytes)
    }

    private mutating func flushKept() throws {
        while !self.kept.isEmpty {
            let end = min(self.kept.upperBound, self.kept.lowerBound + Int64(Self.chunk))
            try self.append(self.source.part(self.kept.lowerBound..<end))
            self.kept = end..<self.kept.upperBound
        }
    }

    private mutating func append(_ bytes: [UInt8]) throws {
        self.pending += bytes
        guard self.pending.count >= Self.chunk else { return }
        try self.write(self.pending)
        self.pending.removeAll(keepingCapacity: true)
    }
}
