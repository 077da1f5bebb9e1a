import ChatAPI
import Foundation
import Hummingbird
import Logging
import NIOCore
import Redis
import ServiceKit
import ServiceLifecycle
import Sockets
import Synchronization
import TestServers

@testable import Gateway

/// Gateways as they run, with two event loops each, around a real Redis, and stand-ins for the other services.
struct GatewayWorld: Sendable {
    let standIns: StandIns
    let gateways: [SocketAddress]

    func connect(_ user: UserID, _ more: String = "", gateway: Int = 0) async throws -> TestClient {
        try await TestClient(self.gateways[gateway], token: self.standIns.token(user), more)
    }

    /// Connected, and ready.
    func enter(_ user: UserID, _ more: String = "", gateway: Int = 0) async throws -> TestClient {
        let client = try await self.connect(user, more, gateway: gateway)
        _ = await client.event("ready")
        return client
    }
}

/// Runs `body` in a world of its own.
///
/// - Parameter environment: keys of the Gateway's configuration.
func withGateways(
    _ count: Int = 1, environment: [String: String] = [:], redis given: PrivateRedis? = nil,
    _ body: (GatewayWorld) async throws -> Void
) async throws {
    let redis: PrivateRedis
    if let given { redis = given } else { redis = try await PrivateRedis.start() }
    let standIns = try StandIns(redisURL: redis.url)
    let port = Promise<Int>()
    let others = Application(
        router: standIns.routes, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { channel in port.keep(channel.localAddress?.port ?? 0) }, logger: .tests)
    try await running([others]) {
        let base = "http://127.0.0.1:\(await port.value)"
        let parts = try (0..<count).map { index in
            var keys = [
                "TEAHOUSE_MODE": "local", "GATEWAY_PUBLIC_ADDRESS": "127.0.0.1:0", "GATEWAY_NODE_TAG": "g\(index)",
                "GATEWAY_INTERNAL_ADDRESS": "127.0.0.1:0", "GATEWAY_FORWARD_ADDRESS": "127.0.0.1:0",
                "REDIS_URLS": redis.url, "GATEWAY_EVENT_LOOPS": "2",
                "AUTH_URLS": "\(base)/auth", "SOCIAL_URLS": "\(base)/social", "HISTORY_URLS": "\(base)/history",
                "GATEWAY_DRAIN_TIME": "100ms", "GATEWAY_MESSAGE_BURST": "100000",
            ]
            keys.merge(environment) { $1 }
            return try GatewayService.application(
                GatewayConfiguration(ConfigurationKeys(service: "gateway", environment: keys)))
        }
        try await running(parts.flatMap { $0.services + [$0.listener] }) {
            var addresses: [SocketAddress] = []
            for part in parts { addresses.append(await part.listener.address) }
            let pulse = Task { await standIns.pulse() }
            defer { pulse.cancel() }
            try await body(GatewayWorld(standIns: standIns, gateways: addresses))
        }
    }
    await standIns.close()
    if given == nil { await redis.stop() }
}

/// Runs services beside `body`, and ends them after it as SIGTERM does.
private func running(_ services: [any Service], _ body: () async throws -> Void) async throws {
    let group = ServiceGroup(
        configuration: ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, logger: .tests))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        try await body()
        await group.triggerGracefulShutdown()
        try await tasks.next()
    }
}

/// A value that comes later.
final class Promise<Value: Sendable>: Sendable {
    private let values: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() { (self.values, self.continuation) = AsyncStream.makeStream() }

    func keep(_ value: Value) { self.continuation.yield(value) }

    /// For one who waits.
    var value: Value {
        get async {
            for await value in self.values { return value }
            preconditionFailure("the stream does not end")
        }
    }
}

/// True once, and once again after each reset.
final class FirstTime: Sendable {
    private let isOver = Mutex(false)

    var isNow: Bool {
        self.isOver.withLock { isOver in
            defer { isOver = true }
            return !isOver
        }
    }

    func reset() { self.isOver.withLock { $0 = false } }
}

extension UserID {
    static let alice = UserID(1)
    static let bob = UserID(2)
    static let carol = UserID(3)
}

extension ChatroomID {
    static let lobby = ChatroomID(10)
    static let garden = ChatroomID(11)
}
