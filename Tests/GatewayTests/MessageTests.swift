import ChatAPI
import Foundation
import ServiceKit
import Synchronization
import TestServers
import Testing

@testable import Gateway

/// What people say, and how it comes to the others.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct MessageTests {
    @Test func `a message is acknowledged with its place and heard by all, also by its own sender`()
        async throws
    {
        try await withGateways(2) { world in
            world.standIns.makeRoom(.lobby, .alice, .bob)
            let alice = try await world.enter(.alice)
            let again = try await world.enter(.alice)
            let bob = try await world.enter(.bob, gateway: 1)
            let receipt = try #require(await alice.send("hello", to: .lobby))
            #expect(receipt["id"] as? String == "10.1")
            #expect(receipt["seq"] as? Int == 1)
            #expect(receipt["createdAt"] is String)
            #expect(await again.seqs(1, in: .lobby) == [1])
            #expect(await bob.event("message")?["content"] as? String == "hello")
        }
    }

    @Test func `what one socket sends keeps its order`() async throws {
        try await withGateways(2) { world in
            world.standIns.makeRoom(.lobby, .alice, .bob)
            let alice = try await world.enter(.alice)
            let bob = try await world.enter(.bob, gateway: 1)
            for number in 0..<300 {
                let message = "{\"type\":\"text\",\"content\":\"\(number)\"}"
                await alice.write(
                    "42\(number)[\"sendMessage\",{\"chatroomId\":10,\"clientId\":\"\(UUID())\",\"message\":\(message)}]"
                )
            }
            for number in 0..<300 {
                #expect(await bob.event("message")?["content"] as? String == "\(number)")
            }
            #expect(world.standIns.calls(of: "/history/internal/messages") < 300, "asked together")
        }
    }

    @Test func `the same client id again has the same answer`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            let alice = try await world.enter(.alice)
            let id = UUID()
            let first = await alice.send("once", to: .lobby, clientId: id, id: 1)
            let second = await alice.send("once", to: .lobby, clientId: id, id: 2)
            #expect(first?["seq"] as? Int == 1)
            #expect(second?["seq"] as? Int == 1)
        }
    }

    @Test func `a stranger cannot tell whether there is a chatroom`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            let bob = try await world.enter(.bob)
            for chatroom in [ChatroomID.lobby, ChatroomID(999)] {
                #expect(await bob.send("let me in", to: chatroom)?.refusal == "chatroom_not_found")
                #expect(await bob.ask("typing", "{\"chatroomId\":\(chatroom)}")?.refusal == "chatroom_not_found")
                #expect(await bob.ask("joinRoom", "{\"chatroomId\":\(chatroom)}")?.refusal == "chatroom_not_found")
                #expect(
                    await bob.ask("read", "{\"chatroomId\":\(chatroom),\"seq\":1}")?.refusal == "chatroom_not_found")
            }
        }
    }

    @Test func `who has come into a chatroom a moment ago is not refused`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            let bob = try await world.enter(.bob)
            // Nothing is told: neither hint nor feed.
            world.standIns.state.withLock { $0.rooms[.lobby]?.members[.bob] = 0 }
            #expect(await bob.send("here", to: .lobby)?["seq"] as? Int == 1)
            #expect(await bob.send("again", to: .lobby, id: 2)?["seq"] as? Int == 2)
        }
    }

    @Test func `what is wrong in a message is named`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            let alice = try await world.enter(.alice)
            let bodies = [
                "{\"type\":\"text\",\"content\":\"\"}",
                "{\"type\":\"text\",\"content\":\"\(String(repeating: "茶", count: 4_001))\"}",
                "{\"type\":\"text\",\"content\":\"a\\u0000b\"}", "{\"type\":\"text\",\"content\":\"\\ud83d\"}",
                "{\"type\":\"image\",\"content\":\"\"}", "{\"type\":\"song\",\"content\":\"la\"}", "7", "null",
            ]
            for body in bodies {
                let answer = await alice.ask(
                    "sendMessage", "{\"chatroomId\":10,\"clientId\":\"\(UUID())\",\"message\":\(body)}")
                #expect(answer?.refusal == "invalid_request", "\(body.prefix(60))")
            }
            #expect(await alice.ask("sendMessage", "{\"chatroomId\":\"10\"}")?.refusal == "invalid_request")
            #expect(await alice.ask("sing", "{}")?.refusal == "unknown_event")
            #expect(world.standIns.calls(of: "/history/internal/messages") == 0)
            let limit = String(repeating: "茶", count: 4_000)
            #expect(await alice.send(limit, to: .lobby)?["seq"] as? Int == 1)
        }
    }

    @Test func `an event larger than its bound is refused, and the socket stays`() async throws {
        try await withGateways { world in
            let alice = try await world.enter(.alice)
            let long = "{\"chatroomId\":10,\"x\":\"\(String(repeating: "x", count: 66_000))\"}"
            #expect(await alice.ask("typing", long)?.refusal == "too_large")
            #expect(await alice.ask("sing", "{}")?.refusal == "unknown_event")
        }
    }

    @Test func `too much at once is refused, and says when to come back`() async throws {
        try await withGateways(environment: ["GATEWAY_MESSAGES_PER_SECOND": "1", "GATEWAY_MESSAGE_BURST": "3"]) {
            world in
            world.standIns.makeRoom(.lobby, .alice)
            let alice = try await world.enter(.alice)
            for id in 1...3 { #expect(await alice.send("ok", to: .lobby, id: id)?.refusal == nil) }
            let answer = await alice.send("more", to: .lobby, id: 4)
            #expect(answer?.refusal == "too_many_requests")
            #expect((answer?["error"] as? [String: Any])?["retryAfter"] as? Int == 1)
        }
    }

    @Test func `who goes on after many refusals is sent away`() async throws {
        let limits = [
            "GATEWAY_MESSAGES_PER_SECOND": "1", "GATEWAY_MESSAGE_BURST": "1", "GATEWAY_MAX_REFUSED_EVENTS": "5",
        ]
        try await withGateways(environment: limits) { world in
            let alice = try await world.enter(.alice)
            for id in 1...30 { await alice.write("42\(id)[\"sing\",{}]") }
            #expect(await alice.acknowledgement(6)?.refusal == "too_many_requests")
            #expect(await alice.event("bye")?["reason"] as? String == "slow")
            #expect(await alice.next() == nil)
        }
    }

    @Test func `History out of reach is told as unavailable, and the socket stays`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            let alice = try await world.enter(.alice)
            world.standIns.state.withLock { _ = $0.failing.insert("/history/internal/messages") }
            #expect(await alice.send("lost", to: .lobby)?.refusal == "unavailable")
            world.standIns.state.withLock { _ = $0.failing.remove("/history/internal/messages") }
            #expect(await alice.send("kept", to: .lobby, id: 2)?["seq"] as? Int == 1)
        }
    }

    @Test func `typing is heard on every node and has no place in the log`() async throws {
        try await withGateways(2) { world in
            world.standIns.makeRoom(.lobby, .alice, .bob)
            let alice = try await world.enter(.alice)
            let bob = try await world.enter(.bob, gateway: 1)
            #expect(await alice.ask("typing", "{\"chatroomId\":10,\"userId\":2}")?.isEmpty == true)
            let typing = try #require(await bob.event("typing"))
            #expect(typing["userId"] as? Int == 1)
            #expect(typing["chatroomId"] as? Int == 10)
            // At once again: acknowledged, and not told. What bob hears next is his own.
            #expect(await alice.ask("typing", "{\"chatroomId\":10}", id: 2)?.isEmpty == true)
            #expect(await bob.ask("typing", "{\"chatroomId\":10}")?.isEmpty == true)
            #expect(await bob.event("typing")?["userId"] as? Int == 2)
        }
    }

    @Test func `leaving, joining again and catching up`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            world.standIns.makeRoom(.garden, .alice)
            let alice = try await world.enter(.alice)
            #expect(await alice.ask("leaveRoom", "{\"chatroomId\":10}")?["chatroomId"] as? Int == 10)
            world.standIns.say("unheard", in: .lobby)
            world.standIns.say("heard", in: .garden)
            #expect(await alice.event("message")?["chatroomId"] as? Int == 11)
            await alice.write("422[\"joinRoom\",{\"chatroomId\":10,\"after\":0}]")
            #expect(await alice.seqs(1, in: .lobby) == [1])
            let joined = try #require(await alice.acknowledgement(2))
            #expect(joined["head"] as? Int == 1)
            #expect(joined["more"] as? Bool == false)
            world.standIns.say("live", in: .lobby)
            #expect(await alice.seqs(1, in: .lobby) == [2])
            await alice.write("423[\"sync\",{\"cursors\":{\"10\":0,\"11\":1,\"999\":5}}]")
            #expect(await alice.seqs(2, in: .lobby) == [1, 2])
            let synced = try #require(await alice.acknowledgement(3))
            #expect(synced["heads"] as? [String: Int] == ["10": 2, "11": 1])
            #expect(synced["more"] as? Bool == false)
        }
    }

    @Test
    func `who does not hear a chatroom on this socket is a member all the same, also while Social is out of reach`()
        async throws
    {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            let alice = try await world.enter(.alice)
            #expect(await alice.ask("leaveRoom", "{\"chatroomId\":10}")?["chatroomId"] as? Int == 10)
            world.standIns.state.withLock { _ = $0.failing.insert("/social/internal/memberships") }
            let asked = world.standIns.calls(of: "/social/internal/memberships")
            #expect(await alice.send("heard elsewhere", to: .lobby, id: 2)?["seq"] as? Int == 1)
            #expect(await alice.ask("typing", "{\"chatroomId\":10}", id: 3)?.isEmpty == true)
            #expect(await alice.ask("read", "{\"chatroomId\":10,\"seq\":1}", id: 4)?.isEmpty == true)
            #expect(world.standIns.calls(of: "/social/internal/memberships") == asked)
            world.standIns.state.withLock { _ = $0.failing.remove("/social/internal/memberships") }
            world.standIns.remove(.alice, from: .lobby)
            #expect(await alice.event("chatroom")?["kind"] as? String == "removed")
            // The look at the memberships that this began is a flow, and `sync` another: it is answered when that has ended.
            #expect(await alice.ask("sync", "{\"cursors\":{}}", id: 5)?["more"] as? Bool == false)
            #expect(await alice.ask("typing", "{\"chatroomId\":10}", id: 6)?.refusal == "chatroom_not_found")
        }
    }

    @Test func `to leave a room makes nobody a member`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            let bob = try await world.enter(.bob)
            #expect(await bob.ask("leaveRoom", "{\"chatroomId\":10}")?["chatroomId"] as? Int == 10)
            #expect(await bob.ask("typing", "{\"chatroomId\":10}", id: 2)?.refusal == "chatroom_not_found")
            #expect(await bob.send("let me in", to: .lobby, id: 3)?.refusal == "chatroom_not_found")
            // And who is let in later hears it, having asked.
            world.standIns.add(.bob, to: .lobby)
            await bob.write("424[\"joinRoom\",{\"chatroomId\":10,\"after\":0}]")
            #expect(await bob.seqs(1, in: .lobby) == [1])
        }
    }

    @Test func `a socket that leaves more rooms than it may name is refused`() async throws {
        try await withGateways(environment: ["GATEWAY_MAX_CURSORS": "2"]) { world in
            let bob = try await world.enter(.bob)
            for id in 1...2 {
                #expect(await bob.ask("leaveRoom", "{\"chatroomId\":\(id)}", id: id)?["chatroomId"] as? Int == id)
            }
            #expect(await bob.ask("leaveRoom", "{\"chatroomId\":3}", id: 3)?.refusal == "too_large")
            #expect(await bob.ask("leaveRoom", "{\"chatroomId\":1}", id: 4)?["chatroomId"] as? Int == 1)
        }
    }

    @Test func `who reads moves their cursor at most once a second, and the others hear of it`() async throws {
        try await withGateways(2) { world in
            world.standIns.makeRoom(.lobby, .alice, .bob)
            for number in 1...9 { world.standIns.say("\(number)", in: .lobby) }
            let alice = try await world.enter(.alice)
            let bob = try await world.enter(.bob, gateway: 1)
            for seq in 1...9 { await alice.write("42\(seq)[\"read\",{\"chatroomId\":10,\"seq\":\(10 - seq)}]") }
            #expect(await bob.event("read")?["seq"] as? Int == 9)
            let second = try #require(await bob.event("read"))
            #expect(second["seq"] as? Int == 8, "the highest of those that waited")
            #expect(second["userId"] as? Int == 1)
            #expect(world.standIns.state.withLock { $0.cursors }.map(\.seq) == [9, 8])
            #expect(await alice.acknowledgement(9)?.isEmpty == true)
            #expect(await alice.ask("read", "{\"chatroomId\":10,\"seq\":-1}", id: 20)?.refusal == "invalid_request")
            #expect(await alice.ask("read", "{\"chatroomId\":99,\"seq\":1}", id: 21)?.refusal == "chatroom_not_found")
            #expect(await alice.ask("typing", "{\"chatroomId\":99}", id: 22)?.refusal == "chatroom_not_found")
        }
    }
}
