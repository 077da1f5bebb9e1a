import NIOCore
import NIOHTTP1

/// One request and what is known of its answer. `Sendable`: a value, it may move with its socket.
struct HTTPExchange: Sendable {
    let id: RequestID
    let head: HTTPRequestHead
    let request: EngineRequest
    let route: EngineRouter.Route
    var body = ByteBuffer()
    var isWhole = false
    /// Decided before the request was whole.
    var earlyAnswer: HTTPAnswer?

    init(id: RequestID, head: HTTPRequestHead, request: EngineRequest, route: EngineRouter.Route) {
        self.id = id
        self.head = head
        self.request = request
        self.route = route
        self.isUpgrade = head.headers.contains(name: "Upgrade")
    }

    /// What follows such a request may be no HTTP.
    let isUpgrade: Bool

    /// The length the client promises.
    var announcedBytes: Int {
        self.head.headers.first(name: "Content-Length").map { Int($0) ?? .max } ?? 0
    }

    var expectsContinue: Bool { self.head.headers.first(name: "Expect")?.lowercased() == "100-continue" }

    var hasBinaryBody: Bool {
        self.head.headers.first(name: "Content-Type")?.lowercased().hasPrefix("application/octet-stream") ?? false
    }

    /// The headers every answer to this request has.
    func headers(_ crossOrigin: CrossOrigin) -> [(String, String)] {
        crossOrigin.headers(origin: self.head.headers.first(name: "Origin")) + [("x-request-id", self.requestID)]
    }

    /// The client's own if it is well formed.
    var requestID: String {
        if let id = self.head.headers.first(name: "x-request-id"), (1...64).contains(id.utf8.count),
            id.utf8.allSatisfy({ Self.isWord($0) })
        {
            return id
        }
        return String(decoding: SessionID.randomCharacters(20), as: UTF8.self)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
