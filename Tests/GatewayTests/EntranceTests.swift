import ChatAPI
import Foundation
import Synchronization
import Testing

@testable import Gateway

/// From CONNECT to live.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct EntranceTests {
    @Test
    func `CONNECT is answered, ready names the chatrooms, missing entries follow, then live ones`()
        async throws
    {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice, .bob)
            world.standIns.makeRoom(.garden, .alice)
            for number in 1...5 { world.standIns.say("old \(number)", in: .lobby) }
            let client = try await world.connect(.alice, ",\"cursors\":{\"10\":2}")
            #expect(await client.next()?.hasPrefix("0{\"sid\":") == true)
            let ready = try #require(await client.event("ready"))
            #expect(ready["user"] as? Int == 1)
            #expect(ready["node"] as? String == "g0")
            #expect(ready["epoch"] as? String == StandIns.epoch.uuidString.lowercased())
            let chatrooms = try #require(ready["chatrooms"] as? [[String: Any]])
            #expect(Set(chatrooms.compactMap { $0["id"] as? Int }) == [10, 11])
            #expect(chatrooms.first { $0["id"] as? Int == 10 }?["head"] as? Int == 5)
            #expect(await client.seqs(3, in: .lobby) == [3, 4, 5])
            world.standIns.say("new", in: .lobby)
            #expect(await client.seqs(1, in: .lobby) == [6])
        }
    }

    @Test func `without a cursor a chatroom is live from its head, and one far behind says so`() async throws {
        try await withGateways(environment: ["GATEWAY_REPLAY_PER_CHATROOM": "10"]) { world in
            world.standIns.makeRoom(.lobby, .alice)
            world.standIns.makeRoom(.garden, .alice)
            for number in 1...11 { world.standIns.say("\(number)", in: .lobby) }
            world.standIns.say("1", in: .garden)
            let client = try await world.connect(.alice, ",\"cursors\":{\"10\":0}")
            let chatrooms = try #require(await client.event("ready")?["chatrooms"] as? [[String: Any]])
            #expect(chatrooms.first { $0["id"] as? Int == 10 }?["behind"] as? Bool == true)
            #expect(chatrooms.first { $0["id"] as? Int == 11 }?["behind"] == nil)
            world.standIns.say("live", in: .lobby)
            #expect(await client.seqs(1, in: .lobby) == [12])
        }
    }

    @Test func `with another epoch cursors are ignored`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            for number in 1...3 { world.standIns.say("\(number)", in: .lobby) }
            let client = try await world.enter(.alice, ",\"cursors\":{\"10\":0},\"epoch\":\"\(UUID())\"")
            world.standIns.say("live", in: .lobby)
            #expect(await client.seqs(1, in: .lobby) == [4])
        }
    }

    /// The guarantee: whenever a message is stored on the way in, it is heard once and in its place.
    @Test(arguments: [
        "/social/internal/memberships", "/history/internal/views", "/history/internal/heads",
        "/history/internal/entries",
    ])
    func `a message stored at any step of the entrance is heard once and in order`(step: String) async throws {
        try await withGateways { world in
            let standIns = world.standIns
            standIns.makeRoom(.lobby, .alice, .bob)
            for number in 1...3 { standIns.say("\(number)", in: .lobby) }
            // Three hints: one comes, one is lost, one comes.
            let firstTime = FirstTime()
            standIns.hook.withLock {
                $0 = { path in
                    guard path == step, firstTime.isNow else { return }
                    standIns.say("during", in: .lobby)
                    standIns.say("during, hint lost", in: .lobby, publish: false)
                    standIns.say("during", in: .lobby)
                }
            }
            let client = try await world.connect(.alice, ",\"cursors\":{\"10\":1}")
            #expect(await client.seqs(5, in: .lobby) == [2, 3, 4, 5, 6])
            standIns.say("live", in: .lobby)
            #expect(await client.seqs(1, in: .lobby) == [7])
            // The second comes into a chatroom that is live here already.
            firstTime.reset()
            let second = try await world.connect(.bob, ",\"cursors\":{\"10\":1}")
            let heard = step == "/history/internal/heads" ? 7 : 10
            #expect(await second.seqs(heard - 1, in: .lobby) == (2...Seq(heard)).map { $0 })
        }
    }

    @Test func `many who come while somebody speaks all hear the same log`() async throws {
        try await withGateways(2, environment: ["GATEWAY_SOCKETS_PER_USER": "100"]) { world in
            world.standIns.makeRoom(.lobby, .alice, .bob)
            try await withThrowingTaskGroup(of: [Seq].self) { group in
                for index in 0..<20 {
                    group.addTask {
                        let client = try await world.connect(
                            index % 2 == 0 ? .alice : .bob, ",\"cursors\":{\"10\":0}", gateway: index % 2)
                        return await client.seqs(200, in: .lobby)
                    }
                }
                for number in 1...200 {
                    world.standIns.say("\(number)", in: .lobby, publish: number % 7 != 0)
                    await Task.yield()
                }
                world.standIns.beacon()
                for try await seqs in group { #expect(seqs == Array(1...200)) }
            }
        }
    }

    @Test(arguments: ["{}", "{\"token\":\"rubbish\"}", "{\"token\":7}", "{\"cursors\":{\"x\":1}}"])
    func `without a good token CONNECT is refused for good`(payload: String) async throws {
        try await withGateways { world in
            let client = try await TestClient(world.gateways[0])
            await client.write("40\(payload)")
            let answer = try #require(await client.next())
            #expect(answer.hasPrefix("4{\"message\":"))
            #expect(answer.contains("\"code\":\"unauthenticated\"") || answer.contains("\"code\":\"invalid_request\""))
        }
    }

    @Test func `one socket too many of a user is refused`() async throws {
        try await withGateways(environment: ["GATEWAY_SOCKETS_PER_USER": "1"]) { world in
            let first = try await world.enter(.alice)
            let second = try await world.connect(.alice)
            #expect(await second.next()?.contains("\"code\":\"forbidden\"") == true)
            await first.close()
        }
    }

    @Test func `events before ready wait for it, and others do not wait for ever`() async throws {
        try await withGateways(environment: ["GATEWAY_READY_WITHIN": "1s"]) { world in
            world.standIns.makeRoom(.lobby, .alice)
            world.standIns.state.withLock { _ = $0.failing.insert("/history/internal/views") }
            let early = try await world.connect(.alice)
            for id in 1...17 { await early.write("42\(id)[\"typing\",{\"chatroomId\":10}]") }
            #expect(await early.acknowledgement(17)?.refusal == "too_many_requests")
            // History does not come back: the transport is closed, so that the client comes again.
            #expect(await early.next() == nil)
            let patient = try await world.connect(.alice)
            await patient.write("421[\"typing\",{\"chatroomId\":10}]")
            world.standIns.state.withLock { _ = $0.failing.remove("/history/internal/views") }
            #expect(await patient.acknowledgement(1)?.isEmpty == true)
        }
    }
}
