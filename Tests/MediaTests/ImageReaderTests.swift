import Testing

@testable import Media

@Suite struct ImageReaderTests {
    private func header(_ bytes: [UInt8]) throws -> ImageHeader {
        let format = try #require(ImageFormat(signature: bytes))
        var reader = ImageReader(ImageBytes(bytes))
        return try reader.header(of: format)
    }

    @Test(arguments: [
        (Sample("png", Images.png(640, 480)), ImageHeader(width: 640, height: 480, frames: 1)),
        (Sample("png, long", Images.png(1, 70_000, data: 40_000)), ImageHeader(width: 1, height: 70_000, frames: 1)),
        (Sample("apng", Images.png(8, 8, frames: 12)), ImageHeader(width: 8, height: 8, frames: 12)),
        (Sample("jpeg", Images.jpeg(640, 480)), ImageHeader(width: 640, height: 480, frames: 1)),
        (Sample("jpeg, progressive", Images.jpeg(5, 7, marker: 0xC2)), ImageHeader(width: 5, height: 7, frames: 1)),
        (Sample("gif", Images.gif(320, 200, frames: 1)), ImageHeader(width: 320, height: 200, frames: 1)),
        (
            Sample("gif, moving", Images.gif(320, 200, frames: 2_000)),
            ImageHeader(width: 320, height: 200, frames: 2_000)
        ),
        (Sample("webp, lossy", Images.webpLossy(300, 200)), ImageHeader(width: 300, height: 200, frames: 1)),
        (Sample("webp, lossless", Images.webpLossless(300, 200)), ImageHeader(width: 300, height: 200, frames: 1)),
        (
            Sample("webp, animated", Images.webpAnimated(4_000, 200, frames: 9)),
            ImageHeader(width: 4_000, height: 200, frames: 9)
        ),
    ]) func `an image's size and frames are those of its headers`(image: Sample, header: ImageHeader) throws {
        #expect(try self.header(image.bytes) == header)
    }

    @Test(arguments: Images.whole) func `an image that is cut off anywhere is broken`(image: Sample) {
        let bytes = image.bytes
        for count in ImageFormat.signatureBytes..<bytes.count {
            #expect(throws: ImageProblem.broken, "\(count) of \(bytes.count)") {
                try self.header(Array(bytes[..<count]))
            }
        }
    }

    @Test func `random changes are an answer or a problem, never more`() throws {
        for sample in Images.whole {
            for _ in 0..<2_000 {
                var bytes = sample.bytes
                for _ in 0..<Int.random(in: 1...4) {
                    bytes[Int.random(in: 12..<bytes.count)] = UInt8.random(in: 0...255)
                }
                do { _ = try self.header(bytes) } catch { #expect(error is ImageProblem) }
            }
        }
    }

    @Test(arguments: [
        "<html><script>1</script>", "<svg xmlns='x'/>", "alert(1)", "", "GIF8", "RIFF0000WAVE", "%PDF-1.7",
    ])
    func `what is not an image is none, whatever it is called`(text: String) {
        #expect(ImageFormat(signature: Array(text.utf8)) == nil)
    }
}

@Suite struct FileNameTests {
    @Test(arguments: [
        ("../../etc/passwd", "passwd"), (#"C:\x"#, "x"), ("茶 tea.png", "茶 tea.png"), (".htaccess", ".htaccess"),
        (#""><img onerror=1>"#, #""><img onerror=1>"#), ("👨‍👩‍👧.gif", "👨‍👩‍👧.gif"), ("a/b/", "b"),
    ]) func `M02: of a name its last part is kept`(name: String, kept: String) throws {
        #expect(try FileName.cleaned(name) == kept)
    }

    @Test(arguments: [
        "", "/", ".", "..", "a/..", "a\r\nSet-Cookie: x=1", "a\u{0}", "a\u{202E}gpj.exe", "a\u{2066}b", "\u{7F}",
        "a\u{2028}b",
        String(repeating: "a", count: 256), String(repeating: "茶", count: 1_700),
    ]) func `M02: a name that could break a line, turn the writing or fill a disk is refused`(name: String) {
        #expect(throws: (any Error).self) { try FileName.cleaned(name) }
    }

    @Test func `M02: a name goes into a header in ASCII and as RFC 8187 has it`() {
        #expect(
            FileName.disposition(#"茶 "a"\%.png"#, inline: true)
                == #"inline; filename="_ _a___.png"; filename*=UTF-8''%E8%8C%B6%20%22a%22%5C%25.png"#)
        #expect(FileName.disposition("a.html", inline: false).hasPrefix(#"attachment; filename="a.html";"#))
    }
}

@Suite struct ByteRangeTests {
    @Test(
        arguments: [
            (nil, ByteRange.whole), ("bytes=0-0", .part(0..<1)), ("bytes=2-5", .part(2..<6)),
            ("bytes=5-", .part(5..<10)),
            ("bytes=-3", .part(7..<10)), ("bytes=-30", .part(0..<10)), ("bytes=0-99", .part(0..<10)),
            ("Bytes=9-9", .part(9..<10)),
            ("bytes=10-", .unsatisfiable), ("bytes=10-12", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=5-2", .whole), ("bytes=a-b", .whole), ("bytes=-", .whole), ("bytes=", .whole),
            ("lines=1-2", .whole),
            ("bytes=0-1,3-4", .whole), ("bytes=--3", .whole), ("bytes=9999999999999999999-", .whole),
            ("bytes=1-+2", .whole),
        ] as [(String?, ByteRange)]) func `a range is read as RFC 9110 has it`(header: String?, range: ByteRange)
    {
        #expect(ByteRange(header: header, size: 10) == range)
    }

    @Test func `an empty file has no parts`() {
        #expect(ByteRange(header: "bytes=0-", size: 0) == .unsatisfiable)
        #expect(ByteRange(header: nil, size: 0) == .whole)
    }
}
