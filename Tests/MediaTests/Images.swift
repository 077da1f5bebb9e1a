import Testing

@testable import Media

/// Bytes with a name, so that a test's arguments stay short in its log.
struct Sample: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    var testDescription: String { self.name }

    init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

/// Images made by hand, as small as they can be: what ``ImageReader`` walks over.
enum Images {
    static let whole = [
        Sample("png", png(64, 48)), Sample("jpeg", jpeg(64, 48)), Sample("gif", gif(64, 48, frames: 3)),
        Sample("webp, lossy", webpLossy(64, 48)), Sample("webp, lossless", webpLossless(64, 48)),
        Sample("webp, animated", webpAnimated(64, 48, frames: 3)),
    ]

    static func png(_ width: Int, _ height: Int, frames: Int? = nil, data: Int = 20) -> [UInt8] {
        func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
            self.big(body.count, 4) + Array(type.utf8) + body + [0, 0, 0, 0]
        }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", self.big(width, 4) + self.big(height, 4) + [8, 6, 0, 0, 0])
            + (frames.map { chunk("acTL", self.big($0, 4) + self.big(0, 4)) } ?? [])
            + chunk("IDAT", Array(repeating: 7, count: data)) + chunk("IEND", [])
    }

    static func jpeg(_ width: Int, _ height: Int, marker: UInt8 = 0xC0) -> [UInt8] {
        let app = [0xFF, 0xE1] + self.big(8, 2) + [0xFF, 0xD9, 1, 2, 3, 4]
        let frame =
            [0xFF, marker] + self.big(11, 2) + [8] + self.big(height, 2) + self.big(width, 2) + [1, 1, 0x11, 0]
        let scan: [UInt8] = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 9, 9, 0xFF, 0x00, 9, 0xFF, 0xD0, 9]
        return [0xFF, 0xD8] + app + frame + scan + [0xFF, 0xD9]
    }

    static func gif(_ width: Int, _ height: Int, frames: Int) -> [UInt8] {
        var bytes =
            Array("GIF89a".utf8) + self.little(width, 2) + self.little(height, 2) + [0x80, 0, 0]
            + Array(repeating: 0, count: 6)
        for _ in 0..<frames {
            bytes += [0x21, 0xF9, 4, 0, 0, 0, 0, 0]
            bytes += [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4C, 1, 0]
        }
        return bytes + [0x3B]
    }

    static func webp(_ type: String, _ body: [UInt8], more: [UInt8] = []) -> [UInt8] {
        let padded = body + (body.count % 2 == 1 ? [0] : [])
        let chunk = Array(type.utf8) + self.little(body.count, 4) + padded + more
        return Array("RIFF".utf8) + self.little(chunk.count + 4, 4) + Array("WEBP".utf8) + chunk
    }

    /// A key frame as RFC 6386 §9.1 begins one.
    static func webpLossy(_ width: Int, _ height: Int) -> [UInt8] {
        self.webp("VP8 ", [0, 0, 0, 0x9D, 0x01, 0x2A] + self.little(width, 2) + self.little(height, 2) + [0, 0, 0])
    }

    static func webpLossless(_ width: Int, _ height: Int) -> [UInt8] {
        self.webp("VP8L", [0x2F] + self.little((width - 1) | (height - 1) << 14, 4) + [0])
    }

    static func webpAnimated(_ width: Int, _ height: Int, frames: Int) -> [UInt8] {
        let frame = Array("ANMF".utf8) + self.little(2, 4) + [0, 0]
        return self.webp(
            "VP8X", [2, 0, 0, 0] + self.little(width - 1, 3) + self.little(height - 1, 3),
            more: (0..<frames).flatMap { _ in frame })
    }

    private static func big(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}

extension ImageBytes {
    init(_ bytes: [UInt8]) {
        self.init(size: Int64(bytes.count)) { offset, count in
            Array(bytes[min(Int(offset), bytes.count)..<min(Int(offset) + count, bytes.count)])
        }
    }
}
