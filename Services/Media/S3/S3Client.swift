import AsyncHTTPClient
import Crypto
import Foundation
import NIOCore
import NIOHTTP1

/// Signed requests to one bucket, each tried again where that can help.
struct S3Client: Sendable {
    /// What is sent along; it can be sent twice.
    enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// A part of a file on this machine.
        case file(ReadableFile, Range<Int64>)
    }

    private static let attempts = 4
    /// Of an answer that is not a content.
    private static let maxAnswerBytes = 4 << 20

    let location: S3Location
    let credentials: S3Credentials

    /// One for the process; never shut down.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(3)
        configuration.timeout.read = .seconds(20)
        configuration.timeout.write = .seconds(20)
        // Each slow reader holds one.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4_096
        configuration.connectionPool.idleTimeout = .seconds(20)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// - Parameters:
    ///   - key: below the prefix; empty for the bucket itself.
    ///   - query: not encoded.
    /// - Returns: the answer, whose body is still to be read, with a status below 500.
    /// - Throws: ``S3Failed`` where the store has failed each time; what the last attempt has thrown.
    func send(
        _ method: HTTPMethod, _ key: String, query: [(String, String)] = [], headers: [(String, String)] = [],
        body: Body = .none
    ) async throws -> HTTPClientResponse {
        let payload = try await Self.hash(of: body)
        var attempt = 0
        while true {
            attempt += 1
            do {
                let response = try await self.attempt(method, key, query, headers, body, payload)
                guard response.status.code >= 500 || response.status == .tooManyRequests else { return response }
                throw await S3Failed(response)
            } catch {
                try Task.checkCancellation()
                if attempt == Self.attempts { throw error }
                try await Self.wait(after: attempt)
            }
        }
    }

    /// As ``send(_:_:query:headers:body:)``, and reads the answer, which is short.
    ///
    /// - Throws: also ``S3Failed`` for a refusal.
    func call(
        _ method: HTTPMethod, _ key: String, query: [(String, String)] = [], headers: [(String, String)] = [],
        body: Body = .none
    ) async throws -> (headers: HTTPHeaders, text: String) {
        let response = try await self.send(method, key, query: query, headers: headers, body: body)
        guard (200..<300).contains(response.status.code) else { throw await S3Failed(response) }
        return (response.headers, String(buffer: try await response.body.collect(upTo: Self.maxAnswerBytes)))
    }

    /// Longer after each attempt, each time by chance, so that not all come back at once.
    static func wait(after attempt: Int) async throws {
        try await Task.sleep(for: .milliseconds(Int.random(in: 50...100) << min(attempt, 6)))
    }

    private func attempt(
        _ method: HTTPMethod, _ key: String, _ query: [(String, String)], _ headers: [(String, String)], _ body: Body,
        _ payload: String
    ) async throws -> HTTPClientResponse {
        let date = Date()
        let path = key.isEmpty ? "/\(self.location.bucket)" : self.location.base + key
        var signed =
            headers + [
                ("host", self.location.host), ("x-amz-content-sha256", payload),
                ("x-amz-date", SignatureV4.time(date)),
            ]
        if let token = self.credentials.sessionToken { signed.append(("x-amz-security-token", token)) }
        let signature = SignatureV4(credentials: self.credentials, region: self.location.region)
        var request = HTTPClientRequest(
            url: self.location.endpoint + path + (query.isEmpty ? "" : "?" + SignatureV4.encoded(query)))
        request.method = method
        for (name, value) in signed { request.headers.add(name: name, value: value) }
        request.headers.add(
            name: "authorization",
            value: signature.authorization(
                method.rawValue, path, query: query, headers: signed, payload: payload, date: date))
        switch body {
        case .none: break
        case .bytes(let bytes): request.body = .bytes(ByteBuffer(bytes: bytes))
        case .file(let file, let range):
            request.body = .stream(FileChunks(file: file, range: range), length: .known(Int64(range.count)))
        }
        return try await Self.http.execute(request, deadline: .distantFuture)
    }

    private static func hash(of body: Body) async throws -> String {
        switch body {
        case .none: return SignatureV4.hex(SHA256.hash(data: Data()))
        case .bytes(let bytes): return SignatureV4.hex(SHA256.hash(data: bytes))
        case .file(let file, let range):
            var hash = SHA256()
            for try await chunk in FileChunks(file: file, range: range) {
                chunk.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
            }
            return SignatureV4.hex(hash.finalize())
        }
    }
}

/// A store has refused, or failed. For logs only.
struct S3Failed: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ response: HTTPClientResponse) async {
        let body = try? await response.body.collect(upTo: 64 * 1024)
        let code = body.flatMap { XMLText.first("Code", in: String(buffer: $0)) }
        self.description = "S3: \(response.status.code) \(code ?? "")"
    }
}

/// The texts of elements, as S3's short answers need them: flat, ours or its own, without entities in what matters.
enum XMLText {
    static func first(_ element: String, in text: some StringProtocol) -> String? {
        guard let start = text.range(of: "<\(element)>"),
            let end = text[start.upperBound...].range(of: "</\(element)>")
        else { return nil }
        return String(text[start.upperBound..<end.lowerBound])
    }

    static func all(_ element: String, in text: String) -> [String] {
        var rest = text[...]
        var found: [String] = []
        while let one = Self.first(element, in: rest), let end = rest.range(of: "</\(element)>") {
            found.append(one)
            rest = rest[end.upperBound...]
        }
        return found
    }
}
