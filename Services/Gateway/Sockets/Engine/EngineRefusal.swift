import NIOCore
import NIOHTTP1
import SocketIO

/// The protocol's own refusals (SOCKETIO.md §2).
enum EngineRefusal: Error, Hashable {
    case unknownTransport
    case unknownSession
    case badMethod
    case badRequest
    case forbidden(String)
    case unsupportedVersion
    /// Not of the protocol: the server has enough to do.
    case overloaded
    /// Nor this: too many handshakes from one address.
    case tooManyRequests

    init(_ refusal: HandshakeRefusal) {
        switch refusal {
        case .forbidden(let text): self = .forbidden(text)
        case .overloaded: self = .overloaded
        }
    }

    private var code: Int {
        switch self {
        case .unknownTransport: 0
        case .unknownSession: 1
        case .badMethod: 2
        case .badRequest: 3
        case .forbidden: 4
        case .unsupportedVersion: 5
        case .overloaded: 6
        case .tooManyRequests: 7
        }
    }

    var message: String {
        switch self {
        case .unknownTransport: "Transport unknown"
        case .unknownSession: "Session ID unknown"
        case .badMethod: "Bad handshake method"
        case .badRequest: "Bad request"
        case .forbidden(let text): text
        case .unsupportedVersion: "Unsupported protocol version"
        case .overloaded: "Try again later"
        case .tooManyRequests: "Too many connections from your address"
        }
    }

    /// The answer to a plain request.
    var answer: HTTPAnswer {
        if let retry = self.retry {
            let body = #"{"code":"\#(retry.code)","message":\#(JSONText.quoted(self.message))}"#
            var answer = HTTPAnswer(status: retry.status, type: .json, body: ByteBuffer(string: body))
            answer.headers = [("Retry-After", "1")]
            return answer
        }
        let status: HTTPResponseStatus = if case .forbidden = self { .forbidden } else { .badRequest }
        let body = #"{"code":\#(self.code),"message":\#(JSONText.quoted(self.message))}"#
        return HTTPAnswer(status: status, type: .json, body: ByteBuffer(string: body))
    }

    /// What is not final, and is not the protocol's to say.
    private var retry: (status: HTTPResponseStatus, code: String)? {
        switch self {
        case .overloaded: (.serviceUnavailable, "unavailable")
        case .tooManyRequests: (.tooManyRequests, "too_many_requests")
        default: nil
        }
    }

    /// The answer to a request for a WebSocket: 400 (503 under load, 429), the bare message, and the connection ends.
    var upgradeAnswer: HTTPAnswer {
        var answer = HTTPAnswer(
            status: self.retry?.status ?? .badRequest, type: .html, body: ByteBuffer(string: self.message))
        if self.retry != nil { answer.headers = [("Retry-After", "1")] }
        answer.closes = true
        return answer
    }
}
