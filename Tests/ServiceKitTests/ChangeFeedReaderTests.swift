import ChatAPI
import Foundation
import ServiceKit
import Testing

/// A feed as its service keeps it.
private struct Feed: Sendable {
    var epoch = UUID()
    var oldest: Int64 = 1
    var rows: [String] = []
    var fetches = 0
    var isDown = false

    func changes(after: Int64, limit: Int) throws -> Changes<String> {
        if self.isDown { throw ServiceUnavailable(service: "social", reason: "down") }
        let all = self.rows.enumerated().map { Change(position: Int64($0.offset + 1), what: $0.element) }
        let wanted = all.filter { $0.position > after && $0.position >= self.oldest }
        return Changes(epoch: self.epoch, position: Int64(self.rows.count), changes: Array(wanted.prefix(limit)))
    }
}

@Suite struct ChangeFeedReaderTests {
    private let feed = Box(Feed())
    private let applied = Box<[String]>([])
    private let restarts = Box(0)
    private let clock = ManualClock()

    private func reader(limit: Int = 3, start: Int64? = nil, failing: Box<Bool> = Box(false)) -> ChangeFeedReader<
        String
    > {
        ChangeFeedReader(
            name: "social", limit: limit, clock: self.clock, logger: quiet,
            restart: { [feed, restarts] in
                restarts.change { $0 += 1 }
                let now = feed.value
                return FeedPosition(epoch: now.epoch, position: start ?? Int64(now.rows.count))
            },
            fetch: { [feed] after, limit in
                feed.change { $0.fetches += 1 }
                return try feed.value.changes(after: after, limit: limit)
            },
            apply: { [applied] changes in
                if failing.value { throw ServiceUnavailable(service: "database", reason: "down") }
                applied.change { $0 += changes.map(\.what) }
            })
    }

    @Test func `it starts from the snapshot and applies what follows, in order and once`() async throws {
        self.feed.change { $0.rows = ["old", "older"] }
        let reader = self.reader()
        try await reader.read()
        #expect(self.applied.value == [])
        let news = (1...10).map { "\($0)" }
        self.feed.change { $0.rows += news }
        try await reader.read()
        try await reader.read()
        #expect(self.applied.value == news)
        #expect(reader.position == FeedPosition(epoch: self.feed.value.epoch, position: 12))
        #expect(self.restarts.value == 1)
    }

    @Test func `rows that could not be applied come again`() async throws {
        let failing = Box(true)
        let reader = self.reader(failing: failing)
        try await reader.read()
        self.feed.change { $0.rows = ["a", "b"] }
        await #expect(throws: ServiceUnavailable.self) { try await reader.read() }
        #expect(reader.position?.position == 0)
        failing.change { $0 = false }
        try await reader.read()
        #expect(self.applied.value == ["a", "b"])
    }

    @Test func `another epoch starts it anew from a snapshot`() async throws {
        self.feed.change { $0.rows = ["a", "b", "c"] }
        let reader = self.reader()
        try await reader.read()
        self.feed.change {
            $0.epoch = UUID()
            $0.rows = ["x"]
        }
        try await reader.read()
        #expect(self.restarts.value == 2)
        #expect(reader.position == FeedPosition(epoch: self.feed.value.epoch, position: 1))
    }

    @Test func `rows that are missing, or a feed that went back, start it anew`() async throws {
        let reader = self.reader()
        try await reader.read()
        self.feed.change {
            $0.rows = ["a", "b", "c"]
            $0.oldest = 3
        }
        try await reader.read()
        #expect(self.restarts.value == 2)
        #expect(reader.position?.position == 3)
        self.feed.change { $0.rows = ["a"] }
        try await reader.read()
        #expect(self.restarts.value == 3)
        #expect(reader.position?.position == 1)
        #expect(self.applied.value == [])
    }

    @Test func `a reader whose snapshot stays behind the holes gives up for now`() async throws {
        self.feed.change {
            $0.rows = ["a", "b", "c"]
            $0.oldest = 3
        }
        let reader = self.reader(start: 0)
        await #expect(throws: ServiceUnavailable.self) { try await reader.read() }
        #expect(self.applied.value == [])
    }

    @Test func `it reads every half second, at once when poked, and goes on after a failure`() async throws {
        let reader = self.reader()
        self.feed.change { $0.isDown = true }
        let running = Task { try await reader.run() }
        defer { running.cancel() }
        while self.feed.value.fetches < 1 || self.clock.sleepers < 1 { await Task.yield() }
        self.feed.change {
            $0.isDown = false
            $0.rows = ["a"]
        }
        self.clock.advance(by: .milliseconds(500))
        while self.applied.value != ["a"] { await Task.yield() }
        self.feed.change { $0.rows = ["a", "b"] }
        reader.poke(2)
        while self.applied.value != ["a", "b"] { await Task.yield() }
        let fetches = self.feed.value.fetches
        reader.poke(2)
        reader.poke(1)
        #expect(await reader.waitUntil(position: 2, timeout: .seconds(1)) == 2)
        #expect(self.feed.value.fetches == fetches)
    }

    @Test func `who waits for a position is told when it is applied, or when the time is over`() async throws {
        let reader = self.reader()
        try await reader.read()
        let waiting = Task { await reader.waitUntil(position: 2, timeout: .seconds(1)) }
        while self.clock.sleepers < 1 { await Task.yield() }
        self.feed.change { $0.rows = ["a", "b"] }
        try await reader.read()
        #expect(await waiting.value == 2)
        let late = Task { await reader.waitUntil(position: 9, timeout: .seconds(1)) }
        while self.clock.sleepers < 1 { await Task.yield() }
        self.clock.advance(by: .seconds(1))
        #expect(await late.value == 2)
    }
}
