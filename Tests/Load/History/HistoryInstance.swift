import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// The base URLs of one History.
struct HistoryInstance: Sendable {
    let `public`: String
    let `internal`: String
}

/// Asks Histories over HTTP, over as many connections as there are calls at once, up to a limit.
struct HistoryCaller: Sendable {
    /// The Gateway's, which may call the internal listener.
    let key: String
    private let http: HTTPClient

    init(key: String, connections: Int) {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.idleTimeout = .seconds(20)
        configuration.timeout.connect = .seconds(10)
        self.key = key
        self.http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// - Returns: the body of an answer 200.
    /// - Throws: ``UnexpectedAnswer`` for any other.
    func call(
        _ method: HTTPMethod, _ url: String, bearer: String, body: ByteBuffer? = nil
    ) async throws -> ByteBuffer {
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers.add(name: "authorization", value: "Bearer \(bearer)")
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(body)
        }
        let answer = try await self.http.execute(request, timeout: .seconds(30))
        let body = try await answer.body.collect(upTo: 64 << 20)
        guard answer.status == .ok else { throw UnexpectedAnswer(status: answer.status.code) }
        return body
    }

    func close() async { try? await self.http.shutdown() }
}

struct UnexpectedAnswer: Error {
    let status: UInt
}

extension ByteBuffer {
    /// How often a text stands in it.
    func count(of text: StaticString) -> Int {
        self.withUnsafeReadableBytes { bytes in
            guard var place = bytes.baseAddress else { return 0 }
            let end = place + bytes.count
            let length = text.utf8CodeUnitCount
            var count = 0
            while end - place >= length,
                let found = memchr(place, Int32(text.utf8Start.pointee), end - place - length + 1)
            {
                let isWhole = memcmp(found, text.utf8Start, length) == 0
                count += isWhole ? 1 : 0
                place = UnsafeRawPointer(found) + (isWhole ? length : 1)
            }
            return count
        }
    }
}
