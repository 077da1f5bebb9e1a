import Testing

@testable import Redis

struct RendezvousHashTests {
    @Test func `the order of the list changes nothing`() {
        let names = ["a:1", "b:2", "c:3"]
        let forward = RendezvousHash(names)
        let backward = RendezvousHash(names.reversed())
        for id in 1...500 {
            let channel = "chatroom:\(id)"
            #expect(names[forward.index(of: channel)] == Array(names.reversed())[backward.index(of: channel)])
        }
    }

    @Test func `channels spread evenly`() {
        let hash = RendezvousHash(["10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379", "10.0.0.4:6379"])
        var counts = [0, 0, 0, 0]
        for id in 1...10_000 { counts[hash.index(of: "chatroom:\(id)")] += 1 }
        for count in counts { #expect((2_250...2_750).contains(count), "\(counts)") }
    }

    @Test func `a server more takes its share and moves nothing else`() {
        let three = ["a:1", "b:2", "c:3"]
        let four = three + ["d:4"]
        let before = RendezvousHash(three)
        let after = RendezvousHash(four)
        for id in 1...2_000 {
            let to = four[after.index(of: "user:\(id)")]
            #expect(to == "d:4" || to == three[before.index(of: "user:\(id)")])
        }
    }
}
