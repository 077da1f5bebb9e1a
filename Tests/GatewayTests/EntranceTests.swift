import ChatAPI
import Foundation
import Synchronization
import Testing

@testable import Gateway

/// From CONNECT to live.
@Suite(.serialized, .timeLimit(.minutes(10)))
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

    @Test func `what is replayed may be more than what may wait for one connection`() async throws {
        try await withGateways(environment: ["GATEWAY_MAX_QUEUED_BYTES": "256KiB"]) { world in
            world.standIns.makeRoom(.lobby, .alice)
            let long = String(repeating: "tea ", count: 4_000)
            for _ in 1...100 { world.standIns.say(long, in: .lobby) }
            let client = try await world.enter(.alice, ",\"cursors\":{\"10\":0}")
            #expect(await client.seqs(100, in: .lobby) == Array(1...100))
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

    /// The same with hints that this node has surely delivered at that step: somebody who is live here heard them.
    @Test(arguments: [
        "/social/internal/memberships", "after /social/internal/memberships", "/history/internal/views",
        "after /history/internal/views", "/history/internal/entries", "after /history/internal/entries",
    ])
    func `a message delivered here at any step of the entrance is heard once and in order`(step: String) async throws {
        try await withGateways { world in
            let standIns = world.standIns
            standIns.makeRoom(.lobby, .alice, .bob)
            for number in 1...3 { standIns.say("\(number)", in: .lobby) }
            let alice = try await world.enter(.alice)
            let firstTime = FirstTime()
            standIns.hook.withLock {
                $0 = { path in
                    guard path == step, firstTime.isNow else { return }
                    standIns.say("during", in: .lobby)
                    #expect(await alice.seqs(1, in: .lobby) == [4])
                }
            }
            let bob = try await world.connect(.bob, ",\"cursors\":{\"10\":1}")
            #expect(await bob.seqs(3, in: .lobby) == [2, 3, 4])
            standIns.say("live", in: .lobby)
            #expect(await bob.seqs(1, in: .lobby) == [5])
        }
    }

    @Test func `messages at every step of one entrance, in several chatrooms, are heard once and in order`()
        async throws
    {
        try await withGateways { world in
            let standIns = world.standIns
            let rooms = (1...30).map { ChatroomID($0) }
            let steps = [
                "/social/internal/memberships", "/history/internal/views", "/history/internal/heads",
                "/history/internal/entries",
            ].flatMap { [$0, "after \($0)"] }
            for room in rooms {
                standIns.makeRoom(room, .alice)
                standIns.say("before", in: room)
            }
            let waiting = Mutex(Set(steps))
            let unspoken = Mutex(steps.count)
            let isSaid = Promise<Void>()
            standIns.hook.withLock {
                $0 = { path in
                    guard waiting.withLock({ $0.remove(path) }) != nil else { return }
                    // Of every third one the hint is lost.
                    for (index, room) in rooms.enumerated() {
                        standIns.say("during", in: room, publish: (index + path.utf8.count) % 3 != 0)
                    }
                    let isLast = unspoken.withLock { unspoken in
                        unspoken -= 1
                        return unspoken == 0
                    }
                    if isLast { isSaid.keep(()) }
                }
            }
            let cursors = rooms.map { "\"\($0)\":0" }.joined(separator: ",")
            let alice = try await world.connect(.alice, ",\"cursors\":{\(cursors)}")
            await isSaid.value
            for room in rooms { standIns.say("live", in: room) }
            var heard: [Int64: [Seq]] = [:]
            for _ in 0..<rooms.count * (steps.count + 2) {
                let entry = try #require(await alice.event("message"))
                heard[try #require(entry["chatroomId"] as? Int64), default: []].append(
                    try #require(entry["seq"] as? Int64))
            }
            for room in rooms { #expect(heard[room.rawValue] == Array(1...Seq(steps.count + 2))) }
        }
    }

    /// S13
    @Test func `ten thousand cursors are refused`() async throws {
        try await withGateways { world in
            let cursors = (1...10_000).map { "\"\($0)\":1" }.joined(separator: ",")
            let client = try await world.connect(.alice, ",\"cursors\":{\(cursors)}")
            let answer = try #require(await client.next())
            #expect(answer.hasPrefix("4{\"message\":"))
            #expect(answer.contains("\"code\":\"invalid_request\""))
        }
    }

    @Test func `many who come back with cursors are answered in few calls`() async throws {
        try await withGateways(environment: ["GATEWAY_SOCKETS_PER_USER": "100"]) { world in
            let standIns = world.standIns
            let rooms = (1...30).map { ChatroomID($0) }
            for room in rooms {
                standIns.makeRoom(room, .alice)
                for number in 1...5 { standIns.say("\(number)", in: room) }
            }
            let clients = 20
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<clients {
                    group.addTask {
                        // Not all lack the same.
                        let held = client % 4
                        let cursors = rooms.map { "\"\($0)\":\(held)" }.joined(separator: ",")
                        let alice = try await world.connect(.alice, ",\"cursors\":{\(cursors)}")
                        var heard: [Int64: [Seq]] = [:]
                        for _ in 0..<rooms.count * (5 - held) {
                            let entry = try #require(await alice.event("message"))
                            let room = try #require(entry["chatroomId"] as? Int64)
                            heard[room, default: []].append(try #require(entry["seq"] as? Int64))
                        }
                        #expect(heard.count == rooms.count)
                        #expect(heard.values.allSatisfy { $0 == Array(Seq(held + 1)...5) })
                    }
                }
                try await group.waitForAll()
            }
            let calls = standIns.state.withLock { $0.entryCalls }
            #expect(calls.count < clients * rooms.count / 8, "far fewer than a call for each client and chatroom")
            #expect(calls.allSatisfy { $0.ranges <= 20 && $0.entries <= 1_000 })
        }
    }

    @Test func `a replay is whole where History answers less than was asked for`() async throws {
        try await withGateways { world in
            let standIns = world.standIns
            standIns.state.withLock { $0.maxEntries = 7 }
            let rooms = (1...3).map { ChatroomID($0) }
            for room in rooms {
                standIns.makeRoom(room, .alice)
                for number in 1...60 { standIns.say("\(number)", in: room, publish: false) }
            }
            let cursors = rooms.map { "\"\($0)\":0" }.joined(separator: ",")
            let alice = try await world.connect(.alice, ",\"cursors\":{\(cursors)}")
            var heard: [Int64: [Seq]] = [:]
            for _ in 0..<180 {
                let entry = try #require(await alice.event("message"))
                heard[try #require(entry["chatroomId"] as? Int64), default: []].append(
                    try #require(entry["seq"] as? Int64))
            }
            for room in rooms { #expect(heard[room.rawValue] == Array(1...60)) }
        }
    }

    @Test func `a replay waits while History is out of reach, and is asked for together again`() async throws {
        try await withGateways { world in
            let standIns = world.standIns
            let rooms = (1...20).map { ChatroomID($0) }
            for room in rooms {
                standIns.makeRoom(room, .alice)
                standIns.say("missed", in: room)
            }
            let path = "/history/internal/entries"
            standIns.state.withLock { _ = $0.failing.insert(path) }
            let cursors = rooms.map { "\"\($0)\":0" }.joined(separator: ",")
            let alice = try await world.enter(.alice, ",\"cursors\":{\(cursors)}")
            while standIns.calls(of: path) < 4 { await Task.yield() }
            for room in rooms { standIns.say("meanwhile", in: room) }
            standIns.state.withLock { _ = $0.failing.remove(path) }
            var heard: [Int64: [Seq]] = [:]
            for _ in 0..<rooms.count * 2 {
                let entry = try #require(await alice.event("message"))
                heard[try #require(entry["chatroomId"] as? Int64), default: []].append(
                    try #require(entry["seq"] as? Int64))
            }
            #expect(heard.count == rooms.count)
            #expect(heard.values.allSatisfy { $0 == [1, 2] })
            #expect(standIns.state.withLock { $0.entryCalls.count } < rooms.count / 2)
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
