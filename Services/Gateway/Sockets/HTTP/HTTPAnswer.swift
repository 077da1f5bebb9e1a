import NIOCore
import NIOHTTP1

/// An answer on its way to a client, before it knows of the request's connection and origin.
struct HTTPAnswer: Sendable {
    enum ContentType: String, Sendable {
        case json = "application/json"
        case text = "text/plain; charset=UTF-8"
        case html = "text/html"
    }

    var status: HTTPResponseStatus
    var type: ContentType?
    var body: ByteBuffer
    var headers: [(String, String)] = []
    /// Whether the connection ends with it.
    var closes = false

    init(status: HTTPResponseStatus, type: ContentType? = nil, body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.type = type
        self.body = body
    }

    /// A polling payload.
    static func payload(_ body: ByteBuffer) -> HTTPAnswer {
        var answer = HTTPAnswer(status: .ok, type: .text, body: body)
        answer.headers = [("Cache-Control", "no-store")]
        return answer
    }

    static let accepted = HTTPAnswer(status: .ok, type: .html, body: ByteBuffer(string: "ok"))
    static let rejected = HTTPAnswer(status: .badRequest)
    static let timedOut = HTTPAnswer.error(
        .requestTimeout, code: "timed_out", "The request took too long to arrive")
    static let tooLarge = HTTPAnswer.error(.payloadTooLarge, code: "too_large", "The body is too large")
    static let notFound = HTTPAnswer.error(.notFound, code: "not_found", "There is nothing here")
    static let unauthenticated = HTTPAnswer.error(.unauthorized, code: "unauthenticated", "This is for nodes only")
    static let malformed = HTTPAnswer.error(.badRequest, code: "invalid_request", "This is not HTTP/1.1")

    private static func error(_ status: HTTPResponseStatus, code: String, _ message: String) -> HTTPAnswer {
        let body = ByteBuffer(string: #"{"code":"\#(code)","message":"\#(message)"}"#)
        return HTTPAnswer(status: status, type: .json, body: body)
    }

    /// Head and body as they go on the wire. `isHead`: a HEAD request, answered without the body.
    func encode(headers more: [(String, String)], keepAlive: Bool, isHTTP10: Bool, isHead: Bool) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(256 + self.body.readableBytes)
        buffer.writeString("HTTP/1.1 \(self.status.code) \(self.status.reasonPhrase)\r\n")
        if let type = self.type { buffer.writeString("Content-Type: \(type.rawValue)\r\n") }
        buffer.writeString("Content-Length: \(self.body.readableBytes)\r\n")
        for (name, value) in self.headers { buffer.writeString("\(name): \(value)\r\n") }
        for (name, value) in more { buffer.writeString("\(name): \(value)\r\n") }
        if !keepAlive {
            buffer.writeString("Connection: close\r\n")
        } else if isHTTP10 {
            buffer.writeString("Connection: keep-alive\r\n")
        }
        buffer.writeString("\r\n")
        if !isHead { buffer.writeImmutableBuffer(self.body) }
        return buffer
    }
}
