import ChatAPI
import Foundation
import Synchronization
import TestServers
import Testing

@testable import Gateway

/// History or Social restored under people who are connected.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct EpochTests {
    private static func held(_ seq: Seq, _ epoch: UUID = StandIns.epoch) -> String {
        ",\"cursors\":{\"10\":\(seq)},\"epoch\":\"\(epoch)\""
    }

    @Test func `everybody is sent away to come back to a snapshot, and no old position hides what is new`() async throws
    {
        try await withGateways(2) { world in
            let standIns = world.standIns
            standIns.makeRoom(.lobby, .alice, .bob)
            for number in 1...10 { standIns.say("\(number)", in: .lobby) }
            let old = [try await world.enter(.alice), try await world.enter(.bob, gateway: 1)]
            standIns.restoreHistory(.lobby, to: 4)
            standIns.say("of the new epoch", in: .lobby)
            for client in old {
                let packets = await client.rest()
                #expect(packets.last?.contains("\"reason\":\"replaced\"") == true)
                #expect(packets.count { $0.hasPrefix("2[\"bye\"") } == 1)
                #expect(!packets.contains { $0.hasPrefix("1") }, "never for good")
            }
            let epoch = standIns.state.withLock { $0.epoch }
            for (index, user) in [UserID.alice, .bob].enumerated() {
                let client = try await world.connect(user, Self.held(10), gateway: index)
                let ready = try #require(await client.event("ready"))
                #expect(ready["epoch"] as? String == epoch.uuidString.lowercased())
                let chatrooms = try #require(ready["chatrooms"] as? [[String: Any]])
                #expect(chatrooms.map { $0["head"] as? Int } == [5 + index])
                // Below what had been delivered of the old epoch.
                #expect(standIns.say("live", in: .lobby) == Seq(6 + index))
                #expect(await client.seqs(1, in: .lobby) == [Seq(6 + index)])
            }
        }
    }

    @Test func `who comes before the Gateway has noticed is in the new epoch, the others are sent away`() async throws {
        try await withGateways { world in
            let standIns = world.standIns
            standIns.makeRoom(.lobby, .alice, .bob)
            for number in 1...10 { standIns.say("\(number)", in: .lobby) }
            let old = try await world.enter(.alice)
            standIns.restoreHistory(.lobby, to: 2)
            let epoch = standIns.state.withLock { $0.epoch }
            let new = try await world.connect(.bob, Self.held(0, epoch))
            #expect(await new.event("ready")?["epoch"] as? String == epoch.uuidString.lowercased())
            #expect(await new.seqs(2, in: .lobby) == [1, 2])
            #expect(await old.bye() == "replaced")
            #expect(await old.next() == nil)
            #expect(await new.send("here", to: .lobby)?["seq"] as? Int == 3)
            standIns.say("and here", in: .lobby)
            // Its own message may come before its acknowledgement, which passes it over, or after it.
            var next = await new.seqs(1, in: .lobby)
            if next == [3] { next = await new.seqs(1, in: .lobby) }
            #expect(next == [4])
        }
    }

    @Test func `one answer of another epoch is not believed`() async throws {
        try await withGateways { world in
            let standIns = world.standIns
            standIns.makeRoom(.lobby, .alice, .bob)
            let alice = try await world.enter(.alice)
            let firstTime = FirstTime()
            standIns.hook.withLock {
                $0 = { path in
                    if path == "/history/internal/views", firstTime.isNow {
                        standIns.state.withLock { $0.epoch = UUID() }
                    } else if path == "after /history/internal/views" {
                        standIns.state.withLock { $0.epoch = StandIns.epoch }
                    }
                }
            }
            let bob = try await world.connect(.bob)
            let ready = try #require(await bob.event("ready"))
            #expect(ready["epoch"] as? String == StandIns.epoch.uuidString.lowercased())
            #expect(standIns.calls(of: "/history/internal/views") >= 3)
            standIns.say("still here", in: .lobby)
            #expect(await alice.next()?.contains("still here") == true)
            #expect(await bob.seqs(1, in: .lobby) == [1])
        }
    }

    @Test func `a replay under way when the epoch changes goes no further`() async throws {
        try await withGateways { world in
            let standIns = world.standIns
            standIns.makeRoom(.lobby, .alice)
            for number in 1...5 { standIns.say("\(number)", in: .lobby) }
            let firstTime = FirstTime()
            standIns.hook.withLock {
                $0 = { path in
                    guard path == "/history/internal/entries", firstTime.isNow else { return }
                    standIns.restoreHistory(.lobby, to: 1)
                    for number in 2...9 { standIns.say("new \(number)", in: .lobby) }
                }
            }
            let client = try await world.connect(.alice, Self.held(0))
            let ready = try #require(await client.event("ready"))
            #expect(ready["epoch"] as? String == StandIns.epoch.uuidString.lowercased())
            let packets = await client.rest()
            #expect(!packets.contains { $0.contains("\"message\"") })
            #expect(packets.last?.contains("\"reason\":\"replaced\"") == true)
            let again = try await world.connect(.alice, Self.held(0))
            _ = await again.event("ready")
            standIns.say("live", in: .lobby)
            #expect(await again.seqs(1, in: .lobby) == [10])
        }
    }

    @Test func `who has no chatroom is sent away too`() async throws {
        try await withGateways { world in
            let alice = try await world.enter(.alice)
            world.standIns.restoreHistory(to: 0)
            #expect(await alice.bye() == "replaced")
            #expect(await alice.next() == nil)
            let again = try await world.enter(.alice)
            world.standIns.makeRoom(.lobby, .bob)
            world.standIns.add(.alice, to: .lobby)
            #expect(await again.seqs(1, in: .lobby) == [1])
        }
    }

    @Test func `after a restore of Social everybody's chatrooms are looked at anew, and its feed is followed on`()
        async throws
    {
        try await withGateways { world in
            let standIns = world.standIns
            standIns.makeRoom(.lobby, .alice, .bob)
            standIns.makeRoom(.garden, .alice)
            standIns.say("before", in: .garden)
            let bob = try await world.enter(.bob)
            for _ in 1...3 { standIns.socialChange(.friendAdded(.alice, .bob)) }
            for _ in 1...3 { _ = await bob.event("friend") }
            // Neither a hint nor a row tells of it.
            standIns.restoreSocial(to: 1) { rooms in
                rooms[.lobby]?.members[.bob] = nil
                rooms[.garden]?.members[.bob] = 1
            }
            #expect(await bob.seqs(1, in: .garden) == [1])
            standIns.say("secret", in: .lobby)
            standIns.socialChange(.friendAdded(.bob, .carol))
            var heard: [String] = []
            while let packet = await bob.next() {
                heard.append(packet)
                if packet.contains("\"friend\"") { break }
            }
            #expect(!heard.contains { $0.contains("secret") })
            #expect(heard.last?.contains("\"id\":3") == true)
        }
    }
}
