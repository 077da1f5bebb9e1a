import Foundation
import Postgres
import TestServers
import Testing

struct ChangeFeedTests {
    private let feed: ChangeFeed = "test.changes"

    @Test func `changes come in the order of their positions, a page at a time`() async throws {
        try await withPostgres(migrations: [self.feed.migration]) { postgres in
            let recorded = try await postgres.recordingTransaction { transaction in
                for number in 1...3 { try transaction.record([JSON(text: "\(number)")], in: self.feed) }
                return "value"
            }
            #expect(recorded.value == "value" && recorded.position == 3)
            let answers = try await postgres.group([self.feed.appending([JSON(text: "4"), JSON(text: "5")])])
            #expect(try answers[0].decodeFirst(as: Int64.self) == 5)

            let first = try await postgres.changes(after: 0, limit: 2, in: self.feed)
            #expect(first.position == 5)
            #expect(first.changes.map(\.position) == [1, 2])
            #expect(first.changes.map(\.what.text) == ["1", "2"])
            let rest = try await postgres.changes(after: 2, limit: 100, in: self.feed)
            #expect(rest.changes.map(\.position) == [3, 4, 5])
            #expect(rest.epoch == first.epoch)
            let none = try await postgres.changes(after: 5, limit: 100, in: self.feed)
            #expect(none.changes.isEmpty && none.position == 5)
        }
    }

    @Test func `what is rolled back takes no position`() async throws {
        struct Refusal: Error {}
        try await withPostgres(migrations: [self.feed.migration]) { postgres in
            await #expect(throws: Refusal.self) {
                try await postgres.transaction { transaction in
                    try transaction.record([JSON(text: "1")], in: self.feed)
                    throw Refusal()
                }
            }
            let bad = await #expect(throws: PostgresError.self) {
                try await postgres.transaction { try $0.record([JSON(text: "no JSON")], in: self.feed) }
            }
            #expect(bad?.sqlState == "22P02")
            let nothing = try await postgres.recordingTransaction { try await $0.execute("SELECT 1") }
            #expect(nothing.position == nil)
            let page = try await postgres.changes(after: 0, limit: 10, in: self.feed)
            #expect(page.position == 0 && page.changes.isEmpty)
        }
    }

    @Test func `with many writers at once a reader that follows misses nothing`() async throws {
        try await withPostgres(migrations: [self.feed.migration]) { postgres in
            let total = 300
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<total {
                    group.addTask {
                        let change = [JSON(text: "\(writer)")]
                        if writer % 2 == 0 {
                            try await postgres.group([self.feed.appending(change)])
                        } else {
                            try await postgres.transaction { transaction in
                                try await transaction.execute("SELECT 1")
                                try transaction.record(change, in: self.feed)
                            }
                        }
                    }
                }
                group.addTask {
                    var seen: [Int64] = []
                    var written: Set<String> = []
                    while seen.count < total {
                        let page = try await postgres.changes(after: seen.last ?? 0, limit: 7, in: self.feed)
                        seen += page.changes.map(\.position)
                        written.formUnion(page.changes.map(\.what.text))
                    }
                    #expect(seen == (1...Int64(total)).map(\.self))
                    #expect(written.count == total)
                }
                // A writer that fails ends the reader too, which would look for its change for ever.
                for try await _ in group {}
            }
        }
    }

    @Test func `a transaction writes one feed`() async throws {
        try await withPostgres(migrations: [self.feed.migration]) { postgres in
            let error = await #expect(throws: PostgresError.self) {
                try await postgres.transaction { transaction in
                    try transaction.record([JSON(text: "1")], in: self.feed)
                    try transaction.record([JSON(text: "1")], in: "other")
                }
            }
            #expect(error?.code == .misuse)
        }
    }
}
