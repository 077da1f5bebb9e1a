import NIOCore
import NIOHTTP1
import Testing

@testable import Sockets

struct RequestParserTests {
    /// What came out, bodies put together: `GET /a HTTP/1.1 [Host: x]`, `body abc`, `end`, `failure`.
    private static func parse(_ text: String, limit: Int = 1_000, piece: Int = .max) -> [String] {
        var parser = RequestParser(maxHeadBytes: limit)
        var bytes = ByteBuffer(string: text)
        var events: [String] = []
        var body = ""
        while let part = bytes.readSlice(length: min(piece, bytes.readableBytes)), part.readableBytes > 0 {
            parser.append(part)
            while let event = parser.next() {
                if case .body(let bytes) = event {
                    body += String(buffer: bytes)
                    continue
                }
                if !body.isEmpty { events.append("body \(body)") }
                body = ""
                switch event {
                case .head(let head):
                    let fields = head.headers.map { "[\($0.name): \($0.value)]" }
                    events.append(
                        (["\(head.method.rawValue) \(head.uri) \(head.version)"] + fields).joined(separator: " "))
                case .body: break
                case .end: events.append("end")
                case .failure: events.append("failure")
                }
            }
            parser.compact()
        }
        return body.isEmpty ? events : events + ["body \(body)"]
    }

    @Test(arguments: [1, 2, 3, 7, 64, .max])
    func `requests come out whole and in order, however their bytes arrive`(_ piece: Int) {
        let text =
            "GET /a?b=%20 HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nx-spaced: \t a b \t\r\n\r\n"
            + "POST /b HTTP/1.0\r\nContent-Length: 5\r\n\r\n12345\r\nPUT * HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n"
            + "3\r\nabc\r\n00a;name=\"value\"\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\nBREW /c HTTP/1.1\r\n\r\n"
        #expect(
            Self.parse(text, piece: piece) == [
                "GET /a?b=%20 HTTP/1.1 [Host: x] [X-Empty: ] [x-spaced: a b]", "end",
                "POST /b HTTP/1.0 [Content-Length: 5]", "body 12345", "end",
                "PUT * HTTP/1.1 [Transfer-Encoding: Chunked]", "body abc0123456789", "end", "BREW /c HTTP/1.1", "end",
            ])
    }

    @Test(arguments: [
        "rubbish\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
        " GET / HTTP/1.1\r\n\r\n",
        "GET /a b HTTP/1.1\r\n\r\n", "GET /\u{1} HTTP/1.1\r\n\r\n", "GET /茶 HTTP/1.1\r\n\r\n", "G@T / HTTP/1.1\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.2\r\n\r\n", "GET / http/1.1\r\n\r\n", "GET / HTTP/1.1\n\n", "\n",
        "GET / HTTP/1.1\rHost: x\r\n\r\n",
    ])
    func `a request line that is none fails`(_ text: String) {
        #expect(Self.parse(text) == ["failure"])
        #expect(Self.parse(text, piece: 1) == ["failure"])
    }

    @Test(arguments: [
        "Host", ": x", "Host : x", "Host: x\r\n folded", "Ho st: x", "Host: a\u{0}b", "Host: a\rb", "Host: a\u{7F}",
        "Höst: x", "Host: x\r\nhost: x", "Host: x\nX: y",
    ])
    func `a header that is none, or could be two, fails`(_ field: String) {
        #expect(Self.parse("GET / HTTP/1.1\r\n\(field)\r\n\r\n") == ["failure"])
        #expect(Self.parse("GET / HTTP/1.1\r\n\(field)\r\n\r\n", piece: 1) == ["failure"])
    }

    @Test(arguments: [
        "Content-Length: 1\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 1",
        "Content-Length: 1\r\nContent-Length: 1", "Content-Length: 1, 1", "Content-Length: +1", "Content-Length: -1",
        "Content-Length:", "Content-Length: 0x1", "Content-Length: 1 1", "Content-Length: 99999999999999999999",
        "Transfer-Encoding: xchunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding:", "Transfer-Encoding : chunked",
        "Transfer-Encoding:\u{B}chunked",
    ])
    func `H01: a body whose end two could see differently is refused with its head`(_ fields: String) {
        let text = "POST / HTTP/1.1\r\n\(fields)\r\n\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\n\r\n"
        #expect(Self.parse(text) == ["failure"])
        #expect(Self.parse(text, piece: 1) == ["failure"])
    }

    @Test func `H01: HTTP 1_0 has no chunks`() {
        #expect(Self.parse("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == ["failure"])
    }

    @Test(arguments: [
        "", "g", "-1", "+1", "0x1", " 1", "1 ", "fffffffffffffffff", "ffffffffffffffff", "123456789", "1\n", ";x",
        "1;\u{0}",
    ])
    func `H01: a chunk's length is plain digits, and not many`(_ length: String) {
        let text =
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\(length)\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"
        let head = "POST / HTTP/1.1 [Transfer-Encoding: chunked]"
        #expect(Self.parse(text) == [head, "failure"])
        #expect(Self.parse(text, piece: 1) == [head, "failure"])
    }

    @Test(arguments: ["1\r\nab\r\n0\r\n\r\n", "1\r\na\n0\r\n\r\n", "1\r\na0\r\n\r\n"])
    func `H01: behind a chunk its line ends`(_ chunks: String) {
        let found = Self.parse("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)")
        #expect(found == ["POST / HTTP/1.1 [Transfer-Encoding: chunked]", "body a", "failure"])
    }

    @Test(arguments: ["Bad Trailer: x", "x", "X: \u{0}"])
    func `trailers are looked at, and nobody's`(_ trailer: String) {
        let text = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\(trailer)\r\n\r\n"
        #expect(Self.parse(text) == ["POST / HTTP/1.1 [Transfer-Encoding: chunked]", "failure"])
    }

    @Test(arguments: [1, .max])
    func `what is no body is bounded, also in many lines`(_ piece: Int) {
        let long = String(repeating: "x", count: 300)
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        let seen = "POST / HTTP/1.1 [Transfer-Encoding: chunked]"
        for text in ["GET /\(long)", "GET / HTTP/1.1\r\nX: \(long)", String(repeating: "\r\n", count: 200)] {
            #expect(Self.parse(text, limit: 200, piece: piece) == ["failure"])
        }
        let many = String(repeating: "X: y\r\n", count: 60)
        #expect(Self.parse("GET / HTTP/1.1\r\n\(many)\r\n", limit: 200, piece: piece) == ["failure"])
        #expect(Self.parse("\(head)0\r\n\(many)\r\n", limit: 200, piece: piece) == [seen, "failure"])
        let extended = String(repeating: "1;xxxxxxxx\r\na\r\n", count: 100)
        #expect(Self.parse(head + extended, limit: 200, piece: piece).last == "failure")
        // Chunks alone may be many.
        let chunks = String(repeating: "1\r\na\r\n", count: 500) + "0\r\n\r\n"
        #expect(
            Self.parse(head + chunks, limit: 200, piece: piece)
                == [seen, "body " + String(repeating: "a", count: 500), "end"])
    }

    @Test func `what follows a request can be taken as it is`() {
        var parser = RequestParser(maxHeadBytes: 1_000)
        parser.append(ByteBuffer(string: "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\u{1}\n\n"))
        guard case .head? = parser.next(), parser.next() == .end else {
            Issue.record("no request came")
            return
        }
        #expect(String(buffer: parser.takeRest()) == "\u{1}\n\n")
        #expect(parser.unreadBytes == 0 && !parser.isWithinHead)
        parser.append(ByteBuffer(string: "GE"))
        #expect(parser.next() == nil && parser.isWithinHead)
    }
}
