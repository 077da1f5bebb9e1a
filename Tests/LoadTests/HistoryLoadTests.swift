import ArgumentParser
import ChatAPI
import LogSeed
import NIOCore
import Testing

@testable import loadtest

struct HistoryLoadTests {
    @Test(arguments: [(1_000, 10_000, 20), (50, 7, 5), (200, 199, 200)] as [(Int64, Int64, Int64)])
    func `whoever sends in a chatroom is a member of it`(chatrooms: Int64, users: Int64, each: Int64) {
        var log = LogSeed()
        (log.chatrooms, log.users, log.chatroomsEach) = (chatrooms, users, each)
        var load = AppendLoad(log: log, chatrooms: chatrooms, gateways: 2, rate: 0, senders: 1, bytes: 1)
        load.findMembers()
        #expect(!load.members.isEmpty)
        for (chatroom, members) in load.members {
            #expect(members.allSatisfy { log.chatrooms(of: $0.rawValue - LogSeed.first).contains(chatroom) })
        }
    }

    @Test func `numbers are read from what Prometheus is told`() throws {
        let line: Substring = "postgres_answer_seconds_count{pool=\"history_reading\"} 42"
        let sample = try #require(HistoryMeter.sample(line))
        #expect(sample.value == 42)
        #expect(HistoryMeter.label(of: sample.name, "postgres_answer_seconds_count{pool=\"") == "history_reading")
        #expect(HistoryMeter.label(of: sample.name, "postgres_answer_seconds_sum{pool=\"") == nil)
        #expect(HistoryMeter.sample("# TYPE x counter") == nil)
    }

    @Test func `what stands in an answer is counted`() {
        #expect(ByteBuffer(string: #"{"receipt":1,"receipt":2}"#).count(of: #""receipt":"#) == 2)
        #expect(ByteBuffer().count(of: "x") == 0)
    }

    @Test func `what is due before the measured time is not counted, and what failed always`() {
        let span = LoadSpan(warmUp: 1, seconds: 1)
        var count = LoadCount()
        count.answered("page", due: span.start, at: span.measured, items: 50, during: span)
        count.answered("page", due: span.measured, at: span.measured + 2_000_000, items: 50, during: span)
        count.failed(UnexpectedAnswer(status: 503))
        #expect(count.done == 1 && count.items == 50 && count.errors == ["status 503": 1])
        #expect(count.latencies["page"]?.max == 2_000)
        #expect(span.due(10, perSecond: 10) == span.start + 1_000_000_000)
    }

    @Test func `a run fails by what it is told not to exceed`() throws {
        let span = LoadSpan(warmUp: 0, seconds: 1)
        var count = LoadCount()
        count.answered("page", due: span.measured, at: span.measured + 6_000_000, items: 50, during: span)
        count.acknowledged = 3
        let before = HistoryMeter.Reading(historySeconds: 0, postgresSeconds: 0)
        var after = before
        after.answers = ["history_reading": 7]
        var results = HistoryResults(run: "page", instances: 1, rate: 1, chatrooms: 1, entries: 1)
        results.add(count, before, after, seconds: 1)
        results.stored = 2
        results.judge(try HistoryOptions.parse(["--start", "--max-p99", "5", "--max-asked", "6", "--min-rate", "2"]))
        #expect(results.failures.count == 4, "\(results.failures)")
        results.failures = []
        results.stored = 3
        results.judge(try HistoryOptions.parse(["--start", "--max-p99", "7", "--max-asked", "7", "--min-rate", "1"]))
        #expect(results.failures.isEmpty, "\(results.failures)")
    }

    @Test func `Histories elsewhere must be allowed by name, and have both addresses`() {
        #expect(throws: (any Error).self) { try HistoryOptions.parse(["--target", "127.0.0.1:80"]) }
        let remote = ["--target", "10.0.0.1:80", "--internal", "10.0.0.1:81"]
        #expect(throws: (any Error).self) { try HistoryOptions.parse(remote) }
        #expect(throws: Never.self) { try HistoryOptions.parse(remote + ["--allow-remote", "10.0.0.1"]) }
    }
}
