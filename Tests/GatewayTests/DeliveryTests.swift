import ChatAPI
import Foundation
import Synchronization
import TestServers
import Testing

@testable import Gateway

/// Hints may be lost, doubled or late, and people come and go; what is heard is the log.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct DeliveryTests {
    @Test func `a lost hint is fetched when the next one comes`() async throws {
        try await withGateways(2) { world in
            world.standIns.makeRoom(.lobby, .alice, .bob)
            let alice = try await world.enter(.alice)
            let bob = try await world.enter(.bob)
            world.standIns.say("lost", in: .lobby, publish: false)
            world.standIns.say("lost too", in: .lobby, publish: false)
            let before = world.standIns.calls(of: "/history/internal/entries")
            world.standIns.say("heard", in: .lobby)
            #expect(await alice.seqs(3, in: .lobby) == [1, 2, 3])
            #expect(await bob.seqs(3, in: .lobby) == [1, 2, 3])
            #expect(world.standIns.calls(of: "/history/internal/entries") == before + 1, "once per node and chatroom")
        }
    }

    @Test func `a lost hint with nothing after it is found by the beacon`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            let alice = try await world.enter(.alice)
            world.standIns.say("lost", in: .lobby, publish: false)
            world.standIns.beacon()
            #expect(await alice.seqs(1, in: .lobby) == [1])
        }
    }

    @Test func `doubled, late and senseless hints change nothing`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            let alice = try await world.enter(.alice)
            let event = "[\"message\",{\"chatroomId\":10,\"seq\":1}]"
            world.standIns.say("one", in: .lobby)
            for hint in ["1 \(event)", "x \(event)", "", "2", "1 +x \(event)", "0 not json"] {
                world.standIns.publish(.lobby, hint)
            }
            world.standIns.say("two", in: .lobby)
            #expect(await alice.seqs(2, in: .lobby) == [1, 2])
        }
    }

    @Test func `with Redis killed messages are stored and acknowledged, and heard when it is back`() async throws {
        let redis = try await PrivateRedis.start()
        try await withGateways(2, redis: redis) { world in
            world.standIns.makeRoom(.lobby, .alice, .bob)
            let alice = try await world.enter(.alice)
            let bob = try await world.enter(.bob, gateway: 1)
            _ = await alice.send("before", to: .lobby)
            #expect(await bob.seqs(1, in: .lobby) == [1])
            try await redis.kill()
            #expect(await alice.send("without", to: .lobby, id: 2)?["seq"] as? Int == 2)
            // Also who comes now comes in.
            let late = try await world.enter(.bob, ",\"cursors\":{\"10\":0}", gateway: 1)
            #expect(await late.seqs(2, in: .lobby) == [1, 2])
            try await redis.startAgain()
            // The heads are asked for as soon as the channels are confirmed again.
            #expect(await bob.seqs(1, in: .lobby) == [2])
        }
        await redis.stop()
    }

    @Test func `who is let in hears the entry that does it and what follows, on every node`() async throws {
        try await withGateways(2) { world in
            world.standIns.makeRoom(.lobby, .alice)
            let bob = try await world.enter(.bob)
            let far = try await world.enter(.bob, gateway: 1)
            world.standIns.say("before", in: .lobby)
            world.standIns.add(.bob, to: .lobby)
            #expect(await bob.seqs(1, in: .lobby) == [2])
            #expect(await far.seqs(1, in: .lobby) == [2])
            world.standIns.say("welcome", in: .lobby)
            #expect(await bob.seqs(1, in: .lobby) == [3])
            #expect(await far.seqs(1, in: .lobby) == [3])
        }
    }

    @Test func `who is removed hears nothing above it, also with the feed silent`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice, .bob)
            world.standIns.makeRoom(.garden, .bob)
            let alice = try await world.enter(.alice)
            let bob = try await world.enter(.bob)
            world.standIns.state.withLock { _ = $0.failing.insert("/social/internal/changes") }
            world.standIns.say("one", in: .lobby)
            world.standIns.remove(.bob, from: .lobby)
            world.standIns.say("secret", in: .lobby)
            #expect(await alice.seqs(3, in: .lobby) == [1, 2, 3])
            world.standIns.say("over here", in: .garden)
            var heard: [String] = []
            while let packet = await bob.next() {
                heard.append(packet)
                if packet.contains("over here") { break }
            }
            #expect(!heard.contains { $0.contains("secret") })
            #expect(heard.contains { $0.contains("removed") })
        }
    }

    /// What it heard by itself would cross `joinRoom`, which names what it holds, and come twice.
    @Test func `who has left a room hears it again when they ask for it, not when they are let in anew`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice, .bob)
            world.standIns.makeRoom(.garden, .bob)
            let bob = try await world.enter(.bob)
            #expect(await bob.ask("leaveRoom", "{\"chatroomId\":10}")?["chatroomId"] as? Int == 10)
            world.standIns.remove(.bob, from: .lobby)
            #expect(await bob.event("chatroom")?["kind"] as? String == "removed")
            #expect(await bob.send("from outside", to: .lobby)?.refusal == "chatroom_not_found")
            world.standIns.add(.bob, to: .lobby)
            #expect(await bob.event("chatroom")?["kind"] as? String == "added")
            // A flow of its own: it goes after the refreshes that are wanted by now.
            await bob.write("427[\"leaveRoom\",{\"chatroomId\":11}]")
            world.standIns.say("not asked for", in: .lobby)
            await bob.write("428[\"joinRoom\",{\"chatroomId\":10,\"after\":1}]")
            var heard: [String] = []
            while let packet = await bob.next(), !packet.hasPrefix("38[") { heard.append(packet) }
            #expect(heard.filter { $0.contains("not asked for") }.count == 1)
            #expect(heard.filter { $0.contains("\"seq\":2,") }.count == 1)
            #expect(
                heard.first { $0.hasPrefix("2[\"change\"") || $0.hasPrefix("2[\"message\"") }
                    == heard.first { $0.contains("\"seq\":2,") })
            world.standIns.say("live again", in: .lobby)
            #expect(await bob.seqs(1, in: .lobby) == [4])
        }
    }

    @Test func `a removal whose hint is lost is made good by the feed`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice, .bob)
            let bob = try await world.enter(.bob)
            world.standIns.state.withLock { $0.isMute = true }
            world.standIns.remove(.bob, from: .lobby)
            #expect(await bob.event("chatroom")?["kind"] as? String == "removed")
            // Social and History no longer name it: the next event is refused.
            #expect(await bob.ask("joinRoom", "{\"chatroomId\":10}")?.refusal == "chatroom_not_found")
        }
    }

    @Test func `a removal on the way in ends the replay at its place`() async throws {
        try await withGateways { world in
            let standIns = world.standIns
            standIns.makeRoom(.lobby, .alice, .bob)
            standIns.makeRoom(.garden, .bob)
            standIns.say("one", in: .lobby)
            standIns.hook.withLock {
                $0 = { path in
                    guard path == "/history/internal/heads" || path == "/history/internal/entries",
                        standIns.state.withLock({ $0.rooms[.lobby]?.members[.bob] != nil })
                    else { return }
                    standIns.remove(.bob, from: .lobby)
                    standIns.say("secret", in: .lobby)
                }
            }
            let bob = try await world.enter(.bob, ",\"cursors\":{\"10\":0}")
            standIns.say("over here", in: .garden)
            while let packet = await bob.next() {
                #expect(!packet.contains("secret"))
                if packet.contains("over here") { break }
            }
        }
    }

    @Test func `requests and friendships are told to both, with the other's profile`() async throws {
        try await withGateways { world in
            let alice = try await world.enter(.alice)
            let bob = try await world.enter(.bob)
            world.standIns.socialChange(
                .friendRequest(
                    id: FriendRequestID(5), from: .alice, to: .bob, reason: "hi", status: .pending, createdAt: .now))
            let asked = try #require(await bob.event("friendRequest"))
            #expect((asked["user"] as? [String: Any])?["username"] as? String == "user1")
            #expect(asked["status"] as? String == "pending")
            let asking = try #require(await alice.event("friendRequest"))
            #expect((asking["user"] as? [String: Any])?["username"] as? String == "user2")
            world.standIns.socialChange(.friendAdded(.alice, .bob))
            #expect(await alice.event("friend")?["kind"] as? String == "added")
            #expect((await bob.event("friend")?["user"] as? [String: Any])?["id"] as? Int == 1)
        }
    }

    @Test func `a revoked session is told and closed, the user's others go on`() async throws {
        try await withGateways { world in
            let session = UUID()
            let token = try world.standIns.token(.alice, session: session)
            let ended = try await TestClient(world.gateways[0], token: token)
            _ = await ended.event("ready")
            let other = try await world.enter(.alice)
            world.standIns.revoke(session, of: .alice)
            #expect(await ended.bye() == "revoked")
            #expect(await ended.next() == nil)
            #expect(await other.ask("sing", "{}")?.refusal == "unknown_event")
            let back = try await TestClient(world.gateways[0], token: token)
            #expect(await back.next()?.contains("\"code\":\"unauthenticated\"") == true)
        }
    }

    @Test func `a client for which too much waits is told so and closed, and comes back`() async throws {
        try await withGateways(environment: ["GATEWAY_MAX_QUEUED_BYTES": "2000"]) { world in
            world.standIns.makeRoom(.lobby, .alice)
            let alice = try await world.enter(.alice)
            world.standIns.say(String(repeating: "x", count: 2_000), in: .lobby)
            let bye = try #require(await alice.event("bye"))
            #expect(bye["reason"] as? String == "slow")
            #expect(bye["retryAfter"] as? Int == 1)
            #expect(await alice.next() == nil)
            let again = try await world.enter(.alice)
            world.standIns.say("short", in: .lobby)
            #expect(await again.seqs(1, in: .lobby) == [2])
        }
    }

    @Test func `at the end every socket is told to come back, and none is disconnected for good`() async throws {
        let heard = Promise<[String]>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await withGateways { world in
                let alice = try await world.enter(.alice)
                group.addTask {
                    heard.keep(await alice.rest())
                }
            }
            let packets = await heard.value
            #expect(packets.last?.contains("\"reason\":\"drain\"") == true)
            #expect(!packets.contains { $0.hasPrefix("1") })
        }
    }
}
