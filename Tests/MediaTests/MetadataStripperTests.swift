import Testing

@testable import Media

/// Images with everything that tells, made by hand; Tests/System has those of real tools.
@Suite struct MetadataStripperTests {
    /// Stands wherever a secret could.
    private static let secret = Array("GPS 52.5200N 13.4050E".utf8)

    private func strip(_ bytes: [UInt8]) throws -> (bytes: [UInt8], orientation: ImageOrientation) {
        let format = try #require(ImageFormat(signature: bytes))
        var stripped: [UInt8] = []
        var stripper = MetadataStripper(ImageBytes(bytes)) { stripped += $0 }
        return try withExtendedLifetime(bytes) {
            let orientation = try stripper.strip(format)
            return (stripped, orientation)
        }
    }

    private func holdsSecret(_ bytes: [UInt8]) -> Bool { bytes.firstRange(of: Self.secret) != nil }

    /// Exif with an orientation, and a secret behind it, in either order of bytes.
    private static func exif(orientation: UInt8, isBig: Bool = false) -> [UInt8] {
        let directory: [UInt8] =
            isBig
            ? [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
            : [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
        return directory + Self.secret
    }

    // MARK: JPEG

    private static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        [0xFF, marker, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 0xFF)] + body
    }

    private static let frame: [UInt8] = Self.segment(0xC0, [8, 0, 48, 0, 64, 1, 1, 0x11, 0])
    private static let scan: [UInt8] = Self.segment(0xDA, [1, 1, 0, 0, 63, 0]) + [9, 0xFF, 0, 9, 0xFF, 0xD0, 9]
    private static let end: [UInt8] = [0xFF, 0xD9]

    @Test func `of a JPEG's extras only the colours and the densities stay`() throws {
        let jfif = Array("JFIF\0".utf8) + [1, 2, 0, 0, 1, 0, 1]
        let profile = Self.segment(0xE2, Array("ICC_PROFILE\0".utf8) + [1, 1, 7, 7])
        let adobe = Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 1]
        let tables = Self.segment(0xC4, [0, 0xFF, 0xD9, 1])
        let image =
            [0xFF, 0xD8] + Self.segment(0xE0, jfif + [1, 1] + Self.secret)
            + Self.segment(0xE0, Array("JFXX\0".utf8) + Self.secret)
            + Self.segment(0xE1, Array("Exif\0\0".utf8) + Self.exif(orientation: 1))
            + Self.segment(0xE1, Array("http://ns.adobe.com/xap/1.0/\0".utf8) + Self.secret)
            + Self.segment(0xE2, Array("MPF\0".utf8) + Self.secret) + profile
            + Self.segment(0xED, Array("Photoshop 3.0\0".utf8) + Self.secret) + Self.segment(0xEE, adobe + Self.secret)
            + Self.segment(0xEF, Self.secret) + Self.segment(0xFE, Self.secret) + Self.frame + Self.scan
            // Between the scans of a progressive one too.
            + Self.segment(0xFE, Self.secret) + tables + Self.scan + Self.end
            // What follows the end is another picture, or a script.
            + [0xFF, 0xD8] + Self.secret
        let expected =
            [0xFF, 0xD8] + Self.segment(0xE0, jfif + [0, 0]) + profile + Self.segment(0xEE, adobe) + Self.frame
            + Self.scan + tables + Self.scan + Self.end
        let stripped = try self.strip(image)
        #expect(stripped.bytes == expected)
        #expect(stripped.orientation == .upright)
        #expect(try self.strip(expected).bytes == expected)
    }

    @Test(arguments: [true, false])
    func `a JPEG that lies on its side stays so, and says nothing else`(isBig: Bool) throws {
        let exif = Array("Exif\0\0".utf8) + Self.exif(orientation: 6, isBig: isBig)
        let image = [0xFF, 0xD8] + Self.segment(0xE1, exif) + Self.frame + Self.scan + Self.end
        let stripped = try self.strip(image)
        #expect(stripped.orientation.value == 6 && stripped.orientation.swapsSides)
        #expect(!self.holdsSecret(stripped.bytes))
        let again = try self.strip(stripped.bytes)
        #expect(again.orientation.value == 6)
        #expect(again.bytes == stripped.bytes)
    }

    @Test(arguments: [
        [], Array("Exif".utf8), [0x4D, 0x4D, 0, 42, 0xFF, 0xFF, 0xFF, 0xFF],
        [0x49, 0x49, 42, 0, 8, 0, 0, 0, 0xFF, 0xFF], Self.exif(orientation: 9), Self.exif(orientation: 0),
    ]) func `Exif that cannot be understood says nothing`(bytes: [UInt8]) {
        #expect(ImageOrientation(exif: bytes) == nil)
    }

    @Test func `a progressive JPEG that is cut off between its scans is broken`() {
        let image = [0xFF, 0xD8] + Self.frame + Self.scan + Self.segment(0xC4, [0, 0xFF, 0xD9, 1])
        #expect(throws: ImageProblem.broken) { try self.strip(image) }
    }

    // MARK: The others

    @Test func `a PNG loses its texts, its time and its Exif, and keeps how it is turned`() throws {
        func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
            [0, 0, 0, UInt8(body.count)] + Array(type.utf8) + body + [1, 2, 3, 4]
        }
        let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let header = chunk("IHDR", [0, 0, 0, 8, 0, 0, 0, 8, 8, 6, 0, 0, 0]) + chunk("gAMA", [0, 0, 1, 1])
        let telling = ["tEXt", "zTXt", "iTXt", "tIME", "prVt"].flatMap { chunk($0, Self.secret) }
        let data = chunk("IDAT", [1, 2, 3]) + chunk("IEND", [])
        let plain = try self.strip(signature + header + telling + data + Self.secret)
        #expect(plain.bytes == signature + header + data)

        let turned = try self.strip(signature + header + chunk("eXIf", Self.exif(orientation: 3)) + data)
        #expect(turned.orientation.value == 3 && !turned.orientation.swapsSides)
        // The checksum is that of Python's zlib.crc32.
        let exif = Array("eXIf".utf8) + turned.orientation.exif
        #expect(turned.bytes == signature + header + [0, 0, 0, 26] + exif + [0x84, 0x5F, 0x64, 0xCE] + data)
    }

    @Test func `a GIF loses its comments and keeps its loop and its times`() throws {
        func blocks(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count)] + bytes + [0] }
        let loop = [0x21, 0xFF, 11] + Array("NETSCAPE2.0".utf8) + blocks([1, 0, 0])
        let image = Images.gif(8, 8, frames: 2)
        let (front, frames) = (Array(image[..<19]), Array(image[19...]))
        let comment = [0x21, 0xFE] + blocks(Self.secret)
        let xmp = [0x21, 0xFF, 11] + Array("XMP DataXMP".utf8) + blocks(Self.secret)
        let stripped = try self.strip(front + comment + loop + xmp + frames + Self.secret)
        #expect(stripped.bytes == front + loop + frames)
        // A loop that says more than how often.
        let chatty = Array(loop.dropLast()) + blocks(Self.secret)
        #expect(try self.strip(front + chatty + frames).bytes == front + loop + frames)
    }

    @Test func `a WebP loses Exif and XMP, and says so in its front`() throws {
        func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
            Array(type.utf8) + [UInt8(body.count), 0, 0, 0] + body + (body.count % 2 == 1 ? [0] : [])
        }
        let picture = chunk("ICCP", [1, 2, 3]) + chunk("VP8L", [0x2F, 7, 0, 1, 0, 0])
        func image(flags: UInt8, _ more: [UInt8]) -> [UInt8] {
            Images.webp("VP8X", [flags, 0, 0, 0, 7, 0, 0, 7, 0, 0], more: picture + more)
        }
        let xmp = chunk("XMP ", Self.secret) + chunk("what", Self.secret)
        let plain = try self.strip(image(flags: 0x2C, chunk("EXIF", Self.exif(orientation: 1)) + xmp) + Self.secret)
        #expect(plain.bytes == image(flags: 0x20, []))
        let turned = try self.strip(image(flags: 0x2C, chunk("EXIF", Self.exif(orientation: 8)) + xmp))
        #expect(turned.orientation.value == 8)
        #expect(turned.bytes == image(flags: 0x28, chunk("EXIF", turned.orientation.exif)))
    }

    @Test(arguments: Images.whole) func `an image that is cut off anywhere is broken here too`(image: Sample) {
        for count in ImageFormat.signatureBytes..<image.bytes.count {
            #expect(throws: ImageProblem.broken, "\(count)") { try self.strip(Array(image.bytes[..<count])) }
        }
    }

    @Test func `a large image passes through in pieces`() throws {
        let image = Images.png(64, 48, data: 1_000_000)
        var pieces: [Int] = []
        var stripper = MetadataStripper(ImageBytes(image)) { pieces.append($0.count) }
        _ = try stripper.strip(.png)
        #expect(pieces.reduce(0, +) == image.count)
        #expect(pieces.allSatisfy { $0 <= 128 * 1024 })
    }
}
