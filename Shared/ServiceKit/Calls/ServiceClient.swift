import AsyncHTTPClient
import ChatAPI
import Foundation
import HTTPTypes
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// Calls another service on its internal listener: JSON both ways, with our key, the request's id and trace.
///
/// With several base URLs, one that does not answer is passed over for the next: every internal call may be repeated
/// safely. A call may prefer one instance by a key, the same at every caller (rendezvous hash). A call that is made on an
/// event loop stays there (``ServiceConnections``).
package final class ServiceClient: Sendable {
    package let service: String
    private let urls: [String]
    /// Of those URLs that are plain HTTP.
    private let places: [String: (authority: ServiceConnections.Authority, path: String)]
    private let key: String
    private let timeout: Duration
    private let maxConcurrent: Int
    private let tls: TLSConfiguration?
    private let tracer: Tracer?
    private let logger: Logger
    private let underWay = Atomic<Int>(0)
    private let turn = Atomic<Int>(0)

    /// One for the process; never shut down.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(2)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        // Below the idle time of our listeners, so that a connection is not closed under a request.
        configuration.connectionPool.idleTimeout = .seconds(20)
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// - Parameters:
    ///   - urls: base URLs without a slash at the end.
    ///   - maxConcurrent: calls under way at once; one more fails at once, as waiting would only grow the queue.
    ///   - tls: for `https` URLs, where not what the system has.
    package init(
        service: String, urls: [String], key: String, timeout: Duration = .seconds(5), maxConcurrent: Int = 256,
        tls: TLSConfiguration? = nil, tracer: Tracer? = .shared, logger: Logger
    ) {
        precondition(!urls.isEmpty, "a service is reached at one URL at least")
        self.service = service
        self.urls = urls
        self.places = Dictionary(urls.compactMap { url in Self.place(of: url).map { (url, $0) } }) { first, _ in first }
        self.key = key
        self.timeout = timeout
        self.maxConcurrent = maxConcurrent
        self.tls = tls
        self.tracer = tracer
        self.logger = logger
    }

    /// How many there are to call.
    package var instances: Int { self.urls.count }

    /// Calls with a body.
    ///
    /// - Parameter preferring: calls with one key go to one instance while it is there.
    /// - Throws: ``RefusedByService`` for a refusal, ``ServiceUnavailable`` for everything else, `CancellationError`.
    package func call<Body: Encodable, Answer: Decodable>(
        _ method: HTTPRequest.Method, _ path: String, _ body: Body, as: Answer.Type = Answer.self,
        preferring key: Int64? = nil, timeout: Duration? = nil
    ) async throws -> Answer {
        let bytes = try JSONEncoder.teahouse.encode(body)
        return try self.decode(
            try await self.exchange(method, path, ByteBuffer(bytes: bytes), key, timeout ?? self.timeout))
    }

    /// Calls without a body.
    package func call<Answer: Decodable>(
        _ method: HTTPRequest.Method, _ path: String, as: Answer.Type = Answer.self, preferring key: Int64? = nil,
        timeout: Duration? = nil
    ) async throws -> Answer {
        try self.decode(try await self.exchange(method, path, nil, key, timeout ?? self.timeout))
    }

    /// Calls with JSON text, and gives the answer's as it came.
    package func call(
        _ method: HTTPRequest.Method, _ path: String, json: ByteBuffer, preferring key: Int64? = nil
    ) async throws -> [UInt8] {
        let received = try await self.exchange(method, path, json, key, self.timeout)
        try self.checkStatus(of: received)
        return Array(received.body.readableBytesView)
    }

    /// What an answer means that came as text.
    ///
    /// - Throws: ``ServiceUnavailable``.
    package func decode<Answer: Decodable>(_ type: Answer.Type, from answer: [UInt8]) throws -> Answer {
        try self.decode(type, from: Data(answer))
    }

    /// The base URLs in the order in which a call with this key tries them.
    package func order(preferring key: Int64?) -> [String] {
        guard self.urls.count > 1 else { return self.urls }
        guard let key else {
            let first = self.turn.wrappingAdd(1, ordering: .relaxed).oldValue.magnitude % UInt(self.urls.count)
            return Array(self.urls[Int(first)...] + self.urls[..<Int(first)])
        }
        return self.urls.sorted { Self.weight($0, key) > Self.weight($1, key) }
    }

    // MARK: How

    private struct Received {
        var status: HTTPResponse.Status
        var body: ByteBuffer
    }

    private func exchange(
        _ method: HTTPRequest.Method, _ path: String, _ body: ByteBuffer?, _ key: Int64?, _ timeout: Duration
    ) async throws -> Received {
        guard self.underWay.wrappingAdd(1, ordering: .relaxed).oldValue < self.maxConcurrent else {
            self.underWay.wrappingSubtract(1, ordering: .relaxed)
            throw ServiceUnavailable(service: self.service, reason: "\(self.maxConcurrent) calls are under way")
        }
        defer { self.underWay.wrappingSubtract(1, ordering: .relaxed) }
        var span = self.span(method, path, hasBody: body != nil)
        do {
            let trace = span?.context ?? RequestScope.current?.trace
            let received = try await self.exchange(
                method, path, body, key, trace, within: NIODeadline.now() + TimeAmount(timeout), timeout)
            self.finish(&span, status: received.status.code)
            return received
        } catch {
            self.finish(&span, status: nil)
            throw error
        }
    }

    private func exchange(
        _ method: HTTPRequest.Method, _ path: String, _ body: ByteBuffer?, _ key: Int64?, _ trace: TraceContext?,
        within deadline: NIODeadline, _ timeout: Duration
    ) async throws -> Received {
        var reason = "no URL"
        for url in self.order(preferring: key) {
            do {
                if let received = try await self.exchangeHere(method, url, path, body, trace, deadline) {
                    return received
                }
                return try await self.exchange(method, url + path, body, trace, deadline)
            } catch let error as HTTPClientError where error == .deadlineExceeded {
                throw ServiceUnavailable(service: self.service, reason: "no answer within \(timeout)")
            } catch ServiceConnections.Failure.timedOut {
                throw ServiceUnavailable(service: self.service, reason: "no answer within \(timeout)")
            } catch {
                // Cancelled, AsyncHTTPClient throws an error of its own.
                if Task.isCancelled { throw CancellationError() }
                reason = "\(url): \(error)"
                self.logger.warning("a service was not reached", metadata: ["url": "\(url)", "error": "\(error)"])
            }
        }
        throw ServiceUnavailable(service: self.service, reason: reason)
    }

    private func exchange(
        _ method: HTTPRequest.Method, _ url: String, _ body: ByteBuffer?, _ trace: TraceContext?,
        _ deadline: NIODeadline
    ) async throws -> Received {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method.rawValue)
        request.tlsConfiguration = self.tls
        request.headers = self.headers(hasBody: body != nil, trace)
        if let body { request.body = .bytes(body) }
        let response = try await Self.http.execute(request, deadline: deadline, logger: nil)
        let answer = try await response.body.collect(upTo: 64 * 1024 * 1024)
        return Received(
            status: HTTPResponse.Status(code: Int(response.status.code)), body: answer)
    }

    private func headers(hasBody: Bool, _ trace: TraceContext?) -> HTTPHeaders {
        var headers: HTTPHeaders = ["authorization": "Bearer \(self.key)", "accept": "application/json"]
        if hasBody { headers.add(name: "content-type", value: "application/json") }
        if let scope = RequestScope.current { headers.add(name: "x-request-id", value: scope.requestID) }
        if let trace { headers.add(name: "traceparent", value: trace.traceparent) }
        return headers
    }

    /// The same on connections of the event loop that this runs on. `nil`: it runs on none, or the URL is not plain HTTP.
    private func exchangeHere(
        _ method: HTTPRequest.Method, _ url: String, _ path: String, _ body: ByteBuffer?, _ trace: TraceContext?,
        _ deadline: NIODeadline
    ) async throws -> Received? {
        guard let place = self.places[url] else { return nil }
        let answer = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<ServiceConnections.Answer?, any Error>) in
            guard let connections = ServiceConnections.current else { return continuation.resume(returning: nil) }
            var headers = self.headers(hasBody: body != nil, trace)
            headers.add(name: "host", value: place.authority.text)
            if let body { headers.add(name: "content-length", value: String(body.readableBytes)) }
            let request = ServiceConnections.Request(
                method: HTTPMethod(rawValue: method.rawValue), authority: place.authority, target: place.path + path,
                headers: headers, body: body ?? ByteBuffer())
            connections.call(request, until: deadline) { continuation.resume(with: $0.map(Optional.some)) }
        }
        return answer.map { Received(status: HTTPResponse.Status(code: Int($0.status.code)), body: $0.body) }
    }

    private static func place(of url: String) -> (ServiceConnections.Authority, String)? {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host, !host.isEmpty
        else {
            return nil
        }
        let name = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        return (ServiceConnections.Authority(host: name, port: parts.port ?? 80), parts.percentEncodedPath)
    }

    /// A call in nobody's request, as of a ``Batcher``, begins a trace where it has a body: without one it is the polling
    /// of a feed, twice a second for ever.
    private func span(_ method: HTTPRequest.Method, _ path: String, hasBody: Bool) -> Span? {
        guard let tracer = self.tracer else { return nil }
        let parent = RequestScope.current?.trace
        guard parent != nil || hasBody else { return nil }
        let context = parent.map(tracer.child(of:)) ?? tracer.root()
        let route = path.prefix { $0 != "?" }
        return Span(context, parent: parent?.span, kind: .client, name: "\(method.rawValue) \(route)")
    }

    private func finish(_ span: inout Span?, status: Int?) {
        guard span?.context.isSampled == true else { return }
        var attributes: [(key: String, value: Span.Attribute)] = [("peer.service", .text("teahouse-\(self.service)"))]
        if let status { attributes.append(("http.response.status_code", .number(status))) }
        span?.finish(isError: status.map { $0 >= 500 } ?? true, attributes)
        if let span { self.tracer?.record(span) }
    }

    private func decode<Answer: Decodable>(_ received: Received) throws -> Answer {
        try self.checkStatus(of: received)
        if received.body.readableBytes == 0, let nothing = Nothing() as? Answer { return nothing }
        return try self.decode(Answer.self, from: Data(received.body.readableBytesView))
    }

    private func decode<Answer: Decodable>(_ type: Answer.Type, from text: Data) throws -> Answer {
        do {
            return try JSONDecoder().decode(type, from: text)
        } catch {
            throw ServiceUnavailable(service: self.service, reason: "an answer that does not decode: \(error)")
        }
    }

    private func checkStatus(of received: Received) throws {
        switch received.status.code {
        case 200..<300: return
        case 400..<500 where received.status != .unauthorized:
            guard let body = try? JSONDecoder().decode(ErrorBody.self, from: Data(received.body.readableBytesView))
            else {
                fallthrough
            }
            throw RefusedByService(body, status: received.status)
        default:
            // 401 means that our key is wrong: nothing that a client should hear of.
            throw ServiceUnavailable(service: self.service, reason: "status \(received.status.code)")
        }
    }

    /// FNV-1a over URL and key, with a final mixing so that near keys fall apart. The same in every process.
    private static func weight(_ url: String, _ key: Int64) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in Array(url.utf8) + (0..<8).map({ UInt8(truncatingIfNeeded: key >> ($0 * 8)) }) {
            hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01b3
        }
        hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
        return hash ^ (hash >> 33)
    }
}

/// The answer of a call that answers 204.
package struct Nothing: Codable, Sendable {
    package init() {}
}
