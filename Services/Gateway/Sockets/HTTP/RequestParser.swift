import NIOCore
import NIOHTTP1

/// Bytes from a client in, requests out (RFC 9112): of HTTP/1.0 and 1.1, and only where nobody could read them otherwise.
///
/// Refused are: a line that ends with a bare line feed, a folded header, a space before a colon, a length beside chunks, two
/// lengths or one that is not plain digits, a coding other than `chunked`. Behind ``Event/failure`` nothing more comes out.
/// Pure; what it holds is bounded by `maxHeadBytes` and by what is appended while nobody asks for ``next()``.
struct RequestParser {
    enum Event: Equatable {
        case head(HTTPRequestHead)
        case body(ByteBuffer)
        /// The request is whole.
        case end
        /// What came is no request: to be answered 400, and the connection closed.
        case failure
    }

    private enum State {
        /// Before a request line.
        case start
        case fields
        case length(Int)
        case chunkLine
        case chunk(Int)
        /// The line end behind a chunk's bytes.
        case chunkEnd
        case trailers
        case failed
    }

    private struct Line {
        var start: Int
        var end: Int
    }

    /// More digits than the length of any body has that is taken.
    private static let maxLengthDigits = 15
    private static let maxChunkDigits = 8

    private let maxHeadBytes: Int
    private var unread = ByteBuffer()
    /// Of `unread`, how much has no line feed.
    private var searched = 0
    private var state = State.start
    /// Of lines, in this request so far: its head, the lines of its chunks, its trailers.
    private var lineBytes = 0
    private var method = HTTPMethod.GET
    private var uri = ""
    private var version = HTTPVersion.http1_1
    private var fields: [(String, String)] = []

    /// - Parameter maxHeadBytes: of the lines of one request together.
    init(maxHeadBytes: Int) { self.maxHeadBytes = maxHeadBytes }

    /// Bytes that were not asked for yet.
    var unreadBytes: Int { self.unread.readableBytes }

    /// Whether a part of a head has come, and not all of it.
    var isWithinHead: Bool {
        switch self.state {
        case .start: self.unread.readableBytes > 0
        case .fields: true
        case .length, .chunkLine, .chunk, .chunkEnd, .trailers, .failed: false
        }
    }

    mutating func append(_ bytes: ByteBuffer) {
        if case .failed = self.state { return }
        if self.unread.readableBytes == 0 {
            self.unread = bytes
        } else {
            self.unread.writeImmutableBuffer(bytes)
        }
    }

    /// Keeps no more memory than what is unread needs.
    mutating func compact() { self.unread = self.unread.readableBytes > 0 ? self.unread.compacted : ByteBuffer() }

    /// What follows the request that was read last, if it is no HTTP any more.
    mutating func takeRest() -> ByteBuffer {
        defer {
            self.unread = ByteBuffer()
            self.searched = 0
        }
        return self.unread
    }

    mutating func next() -> Event? {
        while true {
            switch self.state {
            case .start:
                guard let line = self.takeLine() else { return self.failureIfTooLong() }
                // RFC 9112 §2.2: an empty line before a request is ignored.
                if line.start == line.end { continue }
                guard self.readRequestLine(line) else { return self.fail() }
                self.state = .fields
            case .fields:
                guard let line = self.takeLine() else { return self.failureIfTooLong() }
                if line.start == line.end { return self.endHead() }
                guard let field = self.field(in: line) else { return self.fail() }
                self.fields.append(field)
            case .length(0): return self.endRequest()
            case .length(let left):
                guard let bytes = self.takeBody(left) else { return nil }
                self.state = .length(left - bytes.readableBytes)
                return .body(bytes)
            case .chunkLine:
                guard let line = self.takeLine() else { return self.failureIfTooLong() }
                guard let size = self.chunkSize(in: line) else { return self.fail() }
                // A body may have many chunks; what else stands on their lines is bounded.
                self.lineBytes -= min(line.end - line.start, Self.maxChunkDigits) + 2
                self.state = size == 0 ? .trailers : .chunk(size)
            case .chunk(0): self.state = .chunkEnd
            case .chunk(let left):
                guard let bytes = self.takeBody(left) else { return nil }
                self.state = .chunk(left - bytes.readableBytes)
                return .body(bytes)
            case .chunkEnd:
                guard self.unread.readableBytes >= 2 else { return nil }
                guard self.unread.readInteger(as: UInt16.self) == 0x0D0A else { return self.fail() }
                self.state = .chunkLine
            case .trailers:
                guard let line = self.takeLine() else { return self.failureIfTooLong() }
                if line.start == line.end { return self.endRequest() }
                // They are nobody's here, and are not read as headers.
                guard self.field(in: line) != nil else { return self.fail() }
            case .failed: return nil
            }
        }
    }

    private mutating func fail() -> Event {
        self.state = .failed
        self.unread = ByteBuffer()
        self.fields = []
        return .failure
    }

    private mutating func failureIfTooLong() -> Event? {
        if case .failed = self.state { return .failure }
        return self.lineBytes + self.unread.readableBytes > self.maxHeadBytes ? self.fail() : nil
    }

    private mutating func endRequest() -> Event {
        self.state = .start
        self.lineBytes = 0
        return .end
    }

    // MARK: Lines

    /// The next line without its end, as a range of `unread`'s indices, already behind its reader index; `nil` while it is
    /// not whole, and where it is too long or ends with a bare line feed, which fails.
    private mutating func takeLine() -> Line? {
        let start = self.unread.readerIndex
        let feed = self.unread.withUnsafeReadableBytes { bytes in
            bytes[self.searched...].firstIndex(of: UInt8(ascii: "\n"))
        }
        guard let feed else {
            self.searched = self.unread.readableBytes
            return nil
        }
        self.searched = 0
        self.lineBytes += feed + 1
        guard self.lineBytes <= self.maxHeadBytes, feed > 0,
            self.unread.getInteger(at: start + feed - 1, as: UInt8.self) == UInt8(ascii: "\r")
        else {
            _ = self.fail()
            return nil
        }
        self.unread.moveReaderIndex(forwardBy: feed + 1)
        return Line(start: start, end: start + feed - 1)
    }

    /// Of bytes behind the reader index, which are still there.
    private func withBytes<T>(of line: Line, _ body: (UnsafeRawBufferPointer) -> T) -> T {
        self.unread.withVeryUnsafeBytes { all in body(UnsafeRawBufferPointer(rebasing: all[line.start..<line.end])) }
    }

    /// `GET /path HTTP/1.1`, with one space between.
    private mutating func readRequestLine(_ line: Line) -> Bool {
        let parts = self.withBytes(of: line) { bytes -> (HTTPMethod, String, HTTPVersion)? in
            guard let methodEnd = bytes.firstIndex(of: UInt8(ascii: " ")), methodEnd > 0,
                bytes[..<methodEnd].allSatisfy(Self.isToken)
            else { return nil }
            let rest = bytes[(methodEnd + 1)...]
            guard let uriEnd = rest.firstIndex(of: UInt8(ascii: " ")), uriEnd > rest.startIndex,
                rest[..<uriEnd].allSatisfy({ (0x21...0x7E).contains($0) })
            else { return nil }
            let version = rest[(uriEnd + 1)...]
            guard version.count == 8, version.starts(with: "HTTP/1.".utf8) else { return nil }
            let minor: HTTPVersion
            switch version.last {
            case UInt8(ascii: "1"): minor = .http1_1
            case UInt8(ascii: "0"): minor = .http1_0
            default: return nil
            }
            let method = bytes[..<methodEnd]
            let name = method.elementsEqual("GET".utf8) ? .GET : HTTPMethod(rawValue: Self.text(method))
            return (name, Self.text(rest[..<uriEnd]), minor)
        }
        guard let parts else { return false }
        (self.method, self.uri, self.version) = parts
        return true
    }

    /// `Name: value`, no space before the colon (RFC 9112 §5.1), not folded.
    private func field(in line: Line) -> (String, String)? {
        self.withBytes(of: line) { bytes in
            guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
                bytes[..<colon].allSatisfy(Self.isToken)
            else { return nil }
            var value = bytes[(colon + 1)...]
            while let first = value.first, Self.isSpace(first) { value = value.dropFirst() }
            while let last = value.last, Self.isSpace(last) { value = value.dropLast() }
            guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { return nil }
            return (Self.text(bytes[..<colon]), Self.text(value))
        }
    }

    /// `1a`, perhaps with extensions behind it, which say nothing to us.
    private func chunkSize(in line: Line) -> Int? {
        self.withBytes(of: line) { bytes in
            var digits = bytes[...]
            if let end = bytes.firstIndex(of: UInt8(ascii: ";")) {
                guard bytes[end...].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { return nil }
                digits = bytes[..<end]
                while let last = digits.last, Self.isSpace(last) { digits = digits.dropLast() }
            }
            guard (1...Self.maxChunkDigits).contains(digits.count) else { return nil }
            var size = 0
            for byte in digits {
                guard let digit = Self.hexadecimal(byte) else { return nil }
                size = size << 4 | digit
            }
            return size
        }
    }

    // MARK: Heads and bodies

    private mutating func endHead() -> Event {
        let head = HTTPRequestHead(
            version: self.version, method: self.method, uri: self.uri, headers: HTTPHeaders(self.fields))
        guard let body = Self.body(of: self.fields, self.version) else { return self.fail() }
        self.state = body
        self.fields = []
        self.uri = ""
        return .head(head)
    }

    /// How the body's end is known (RFC 9112 §6.3); `nil` where two could know it differently.
    private static func body(of fields: [(String, String)], _ version: HTTPVersion) -> State? {
        var length: Int?
        var isChunked = false
        var hosts = 0
        for (name, value) in fields {
            // By their lengths first: there is one header of each among many.
            switch name.utf8.count {
            case 4 where name.lowercased() == "host":
                hosts += 1
            case 14 where name.lowercased() == "content-length":
                guard length == nil, (1...Self.maxLengthDigits).contains(value.utf8.count),
                    value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(value)
                else { return nil }
                length = count
            case 17 where name.lowercased() == "transfer-encoding":
                guard !isChunked, value.lowercased() == "chunked", version == .http1_1 else { return nil }
                isChunked = true
            default: break
            }
        }
        guard hosts < 2, !isChunked || length == nil else { return nil }
        return isChunked ? .chunkLine : .length(length ?? 0)
    }

    private mutating func takeBody(_ left: Int) -> ByteBuffer? {
        let count = min(left, self.unread.readableBytes)
        guard count > 0 else { return nil }
        return self.unread.readSlice(length: count)
    }

    // MARK: Bytes

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "!"), UInt8(ascii: "#"),
            UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"),
            UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
            UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x46: Int(byte) - 0x41 + 10
        case 0x61...0x66: Int(byte) - 0x61 + 10
        default: nil
        }
    }
}
