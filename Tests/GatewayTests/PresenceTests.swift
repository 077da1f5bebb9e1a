import ChatAPI
import Foundation
import Synchronization
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

    @Test func `who hides it goes and comes unseen, from the moment they say so`() async throws {
        try await withGateways(2, environment: Self.quickly) { world in
            world.standIns.befriend(.bob, .alice, .carol)
            let bob = try await world.entered(.bob, gateway: 1)
            // Long ago: the feed has nothing of it.
            world.standIns.state.withLock { $0.privacy[.carol] = Privacy(presence: .nobody) }
            let carol = try await world.enter(.carol)
            let alice = try await world.enter(.alice)
            #expect(await bob.presence() == "1 online", "nothing of who hid before they came")
            world.standIns.setPrivacy(Privacy(presence: .nobody), of: .alice)
            #expect(await bob.presence() == "1 offline")
            world.standIns.setPrivacy(.usual, of: .alice)
            #expect(await bob.presence() == "1 online")
            await carol.close()
            await alice.close()
            #expect(await bob.presence() == "1 offline")
            #expect(world.standIns.state.withLock { $0.lastSeen[.carol] } == nil)
        }
    }

    @Test func `who has gone was last seen when their last socket went`() async throws {
        try await withGateways(environment: Self.quickly) { world in
            world.standIns.befriend(.alice, .bob)
            let bob = try await world.entered(.bob)
            let alice = try await world.enter(.alice)
            #expect(await bob.presence() == "1 online")
            let before = Timestamp.now.milliseconds
            await alice.close()
            let event = try #require(await bob.event("presence"))
            #expect(event["online"] as? Bool == false)
            let at = try #require(Timestamp(event["lastSeenAt"] as? String ?? ""))
            #expect((before - 1_500...Timestamp.now.milliseconds).contains(at.milliseconds))
        }
    }

    @Test func `a block between friends hides each from the other at once, and its end shows them again`() async throws
    {
        try await withGateways(2, environment: Self.quickly) { world in
            world.standIns.befriend(.alice, .bob)
            let bob = try await world.entered(.bob, gateway: 1)
            let alice = try await world.entered(.alice)
            #expect(await bob.presence() == "1 online")
            world.standIns.socialChange(.sightChanged(.alice, .bob, canSee: false))
            #expect(await bob.presence() == "1 offline")
            #expect(await alice.presence() == "2 offline")
            world.standIns.socialChange(.sightChanged(.alice, .bob, canSee: true))
            #expect(await bob.presence() == "1 online")
            #expect(await alice.presence() == "2 online")
        }
    }

    @Test func `who does not tell what they type and read is not told either`() async throws {
        try await withGateways(environment: Self.quickly) { world in
            world.standIns.makeRoom(.lobby, .alice, .bob, .carol)
            world.standIns.befriend(.alice, .bob, .carol)
            let alice = try await world.entered(.alice)
            let bob = try await world.enter(.bob)
            let carol = try await world.enter(.carol)
            let come = [await alice.presence(), await alice.presence()]
            #expect(Set(come) == ["2 online", "3 online"])
            world.standIns.setPrivacy(Privacy(presence: .nobody, receipts: false, typing: false), of: .bob)
            // What Alice is told of Bob tells that this node has heard of it.
            #expect(await alice.presence() == "2 offline")
            let place = #"{"chatroomId":10,"seq":0}"#
            #expect(await bob.ask("typing", place)?.isEmpty == true)
            for (id, event) in ["typing", "read"].enumerated() {
                #expect(await alice.ask(event, place, id: id + 1)?.isEmpty == true)
                #expect(await carol.event(event)?["userId"] as? Int == 1, "and not Bob")
                #expect(await bob.hears(event, before: id + 10) == false)
            }
        }
    }

    @Test func `another device of the same user hears what has changed for them in a chatroom`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice, .bob)
            let alice = try await world.enter(.alice)
            let settings = ChatroomSettings(notify: .none, pinned: true)
            world.standIns.socialChange(.settingsChanged(chatroom: .lobby, user: .bob, settings: settings))
            world.standIns.socialChange(.settingsChanged(chatroom: .lobby, user: .alice, settings: settings))
            let first = try #require(await alice.event("chatroom")?["chatroom"] as? [String: Any])
            #expect(first["id"] as? Int == 10)
            #expect((first["settings"] as? [String: Any])?["notify"] as? String == "none")
            #expect(first["role"] == nil)
            let membership = Membership(id: .lobby, role: .admin, canSend: true)
            world.standIns.socialChange(.memberUpdated(chatroom: .lobby, membership: membership, user: .alice))
            let second = try #require(await alice.event("chatroom")?["chatroom"] as? [String: Any])
            #expect(second["role"] as? String == "admin")
            #expect(second["settings"] == nil)
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
