import NIOCore
import Testing

/// An HTTP answer as it came.
struct WireAnswer {
    var status: Int
    /// By lowercased name.
    var headers: [String: String]
    var body: String
}

extension WireClient {
    /// Sends a request and leaves its answer to ``answer()``.
    func request(
        _ method: String, _ target: String, headers: [String] = [], body: String? = nil
    ) async throws {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: 127.0.0.1"] + headers
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        try await self.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    /// The next answer on this connection.
    func answer(isHead: Bool = false) async throws -> WireAnswer {
        let head = try #require(await self.read(upTo: "\r\n\r\n"), "the server closed without an answer")
        var lines = head.split(separator: "\r\n").map(String.init)
        let status = try #require(Int(lines.removeFirst().split(separator: " ")[1]))
        var headers: [String: String] = [:]
        for line in lines {
            let pair = line.split(separator: ":", maxSplits: 1)
            headers[pair[0].lowercased()] = pair[1].drop { $0 == " " }.description
        }
        let count = isHead ? 0 : headers["content-length"].flatMap { Int($0) } ?? 0
        let body = try #require(await self.read(count))
        return WireAnswer(status: status, headers: headers, body: String(buffer: body))
    }

    func get(_ target: String, headers: [String] = []) async throws -> WireAnswer {
        try await self.request("GET", target, headers: headers)
        return try await self.answer()
    }

    func post(_ target: String, _ body: String, headers: [String] = []) async throws -> WireAnswer {
        try await self.request("POST", target, headers: headers, body: body)
        return try await self.answer()
    }
}
