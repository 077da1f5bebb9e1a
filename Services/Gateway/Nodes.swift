import ChatAPI
import Foundation
import Redis
import ServiceKit
import Sockets

/// The Gateways as they hear of each other on the bus, so that each can hand over requests for another's sessions.
///
/// `Sendable`: what changes is the registry's.
struct Nodes: Sendable {
    /// What each says of itself on the channel `nodes`, on every Redis server.
    private struct Announcement: Codable {
        var tag: String
        var address: String
    }

    private static let interval = Duration.seconds(2)

    let registry = NodeRegistry()
    let tag: String
    let redis: Redis

    /// Who was announced before is known from then on.
    func listen() { self.redis.subscribeOnAll(BusChannel.nodes) }

    func heard(_ payload: [UInt8]) {
        guard let announcement = try? JSONDecoder().decode(Announcement.self, from: Data(payload)),
            let address = ListenAddress(announcement.address)
        else { return }
        self.registry.heard(announcement.tag, at: .init(host: address.host, port: address.port))
    }

    /// Says where this node takes requests from the others, again and again until cancelled.
    func announce(_ address: ListenAddress) async {
        let announcement = Announcement(tag: self.tag, address: address.description)
        guard let payload = try? JSONEncoder().encode(announcement) else { return }
        while !Task.isCancelled {
            self.redis.publishOnAll(BusChannel.nodes, String(decoding: payload, as: UTF8.self))
            try? await Task.sleep(for: Self.interval)
        }
    }
}
