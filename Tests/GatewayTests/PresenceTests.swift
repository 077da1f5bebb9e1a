import ChatAPI
import Foundation
import TestServers
import Testing

@testable import Gateway

/// Who is online, as their friends are told.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct PresenceTests {
    /// Leases that end soon enough for a test.
    private static let quickly = ["GATEWAY_PRESENCE_GRACE": "1500ms"]

    @Test func `friends hear of the first socket and of the last, over all nodes, and strangers of none`() async throws
    {
        try await withGateways(2, environment: Self.quickly) { world in
            world.standIns.befriend(.alice, .bob)
            world.standIns.befriend(.carol, .dave)
            let bob = try await world.entered(.bob)
            let dave = try await world.entered(.dave, gateway: 1)
            let first = try await world.enter(.alice)
            #expect(await bob.presence() == "1 online")
            let second = try await world.enter(.alice, gateway: 1)
            await first.close()
            let carol = try await world.enter(.carol)
            #expect(await dave.presence() == "3 online", "nothing of those who are no friends")
            await second.close()
            #expect(await bob.presence() == "1 offline", "nothing of the second socket, nor of the end of the first")
            await carol.close()
            #expect(await dave.presence() == "3 offline")
        }
    }

    @Test func `who is back within the grace, on whatever node, has never been away`() async throws {
        try await withGateways(2, environment: Self.quickly) { world in
            world.standIns.befriend(.bob, .alice, .carol, .dave)
            let bob = try await world.entered(.bob)
            let alice = try await world.enter(.alice)
            #expect(await bob.presence() == "1 online")
            let carol = try await world.enter(.carol)
            #expect(await bob.presence() == "3 online")
            await alice.close()
            await carol.close()
            _ = try await world.enter(.alice, gateway: 1)
            #expect(await bob.presence() == "3 offline")
            _ = try await world.enter(.dave)
            #expect(await bob.presence() == "4 online")
        }
    }

    @Test func `a wiped Redis makes nobody leave, and those who then do are still told`() async throws {
        try await withGateways(environment: Self.quickly) { world in
            world.standIns.befriend(.bob, .alice, .carol)
            let bob = try await world.entered(.bob)
            _ = try await world.enter(.alice)
            #expect(await bob.presence() == "1 online")
            let carol = try await world.enter(.carol)
            #expect(await bob.presence() == "3 online")
            await carol.close()
            try await world.standIns.redis("FLUSHALL")
            #expect(await bob.presence() == "3 offline")
        }
    }

    @Test func `the leases of a node that died are told by another`() async throws {
        try await withGateways(environment: Self.quickly) { world in
            world.standIns.befriend(.bob, .dave)
            let bob = try await world.entered(.bob)
            let ends = Timestamp.now.milliseconds + 500
            try await world.standIns.redis("ZADD", PresenceLease.key(of: 4), "\(ends)", "4")
            #expect(await bob.presence() == "4 offline")
        }
    }
}

extension UserID {
    fileprivate static let dave = UserID(4)
}

extension GatewayWorld {
    /// Ready, and subscribed to what is said of presence: a witness, who is nobody, was heard of.
    fileprivate func entered(_ user: UserID, gateway: Int = 0) async throws -> TestClient {
        let client = try await self.enter(user, gateway: gateway)
        let event = "[\"presence\",{\"userId\":1000,\"online\":true}]"
        var number = 0
        var hasHeard = false
        while !hasHeard {
            number += 1
            try await self.standIns.redis("PUBLISH", BusChannel.user(user), event)
            hasHeard = await client.hears("presence", before: number)
        }
        return client
    }
}

extension TestClient {
    /// The next `presence` of anybody but the witness.
    fileprivate func presence() async -> String? {
        while let event = await self.event("presence") {
            guard let user = event["userId"] as? Int, user < 1_000 else { continue }
            return "\(user) \(event["online"] as? Bool == true ? "online" : "offline")"
        }
        return nil
    }

    /// Whether an event of this name comes before the answer to a question asked now.
    fileprivate func hears(_ event: String, before id: Int) async -> Bool {
        await self.write("42\(id)[\"typing\",{}]")
        var hasCome = false
        while let packet = await self.next() {
            if packet.hasPrefix("2[\"\(event)\"") { hasCome = true }
            if packet.hasPrefix("3\(id)[") { return hasCome }
        }
        return hasCome
    }
}
