import Crypto
import NIOCore
import NIOHTTP1
import SocketIO

/// The opening handshake of a WebSocket (RFC 6455 §4.2).
struct WebSocketUpgrade: Sendable {
    private let key: String
    private let subprotocol: String?

    /// Whether the client asks to leave HTTP for a WebSocket at all.
    static func isRequested(by head: HTTPRequestHead) -> Bool {
        head.headers[canonicalForm: "Upgrade"].contains { $0.lowercased() == "websocket" }
            && head.headers[canonicalForm: "Connection"].contains { $0.lowercased() == "upgrade" }
    }

    /// `nil` if the request cannot be answered by 101.
    init?(_ head: HTTPRequestHead) {
        guard head.method == .GET, head.version == .http1_1,
            head.headers.first(name: "Sec-WebSocket-Version") == "13",
            let key = head.headers.first(name: "Sec-WebSocket-Key"), key.utf8.count == 24, key.hasSuffix("==")
        else { return nil }
        self.key = key
        // Browsers fail a connection of which no offered subprotocol is selected.
        let offered = head.headers[canonicalForm: "Sec-WebSocket-Protocol"].first.map(String.init)
        self.subprotocol = offered.flatMap { $0.utf8.allSatisfy(CrossOrigin.isPrintable) && !$0.isEmpty ? $0 : nil }
    }

    /// The 101, as it goes on the wire.
    func response(headers: [(String, String)]) -> ByteBuffer {
        var text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        text += "Sec-WebSocket-Accept: \(Self.accept(self.key))\r\n"
        if let subprotocol = self.subprotocol { text += "Sec-WebSocket-Protocol: \(subprotocol)\r\n" }
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        return ByteBuffer(string: text + "\r\n")
    }

    static func accept(_ key: String) -> String {
        let digest = Insecure.SHA1.hash(data: Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        return EnginePayload.base64(ByteBuffer(bytes: digest))
    }
}
