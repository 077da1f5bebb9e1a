import NIOCore
import NIOHTTP1

/// How a node hands the requests of other nodes' sessions to their owners, and knows what other nodes hand to it.
package struct Forwarding: Sendable {
    let nodes: NodeRegistry
    /// What this node shows to others.
    let key: String
    /// Whether another node shows the right one.
    let isKey: @Sendable (String) -> Bool

    package init(nodes: NodeRegistry, key: String, isKey: @escaping @Sendable (String) -> Bool) {
        self.nodes = nodes
        self.key = key
        self.isKey = isKey
    }

    /// Whether a request on the nodes' own listener comes from a node.
    func isFromNode(_ head: HTTPRequestHead) -> Bool {
        guard let value = head.headers.first(name: "Authorization"), value.hasPrefix("Bearer ") else { return false }
        return self.isKey(String(value.dropFirst("Bearer ".count)))
    }
}

/// The owner of a session that is not ours.
struct ForeignNode: Sendable {
    let tag: String
    let address: NodeRegistry.Address
}

extension HTTPExchange {
    /// Headers that concern one connection, or that are ours to set.
    private static let hopHeaders: Set<String> = [
        "authorization", "connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "x-forwarded-for", "x-request-id",
    ]

    /// The whole request as its session's owner gets it, with this node's key and the client's address.
    func forwarded(key: String, client: String) -> ByteBuffer {
        var text = "\(self.head.method.rawValue) \(self.head.uri) HTTP/1.1\r\n"
        for (name, value) in self.head.headers where !Self.hopHeaders.contains(name.lowercased()) {
            text += "\(name): \(value)\r\n"
        }
        text += "Authorization: Bearer \(key)\r\nX-Forwarded-For: \(client)\r\nx-request-id: \(self.requestID)\r\n"
        if WebSocketUpgrade.isRequested(by: self.head) {
            text += "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        } else {
            text += "Connection: close\r\nContent-Length: \(self.body.readableBytes)\r\n\r\n"
        }
        var bytes = ByteBuffer()
        bytes.reserveCapacity(text.utf8.count + self.body.readableBytes)
        bytes.writeString(text)
        bytes.writeImmutableBuffer(self.body)
        return bytes
    }
}
