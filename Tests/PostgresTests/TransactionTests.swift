import Foundation
import Postgres
import Synchronization
import TestServers
import Testing

struct TransactionTests {
    private struct Refusal: Error {}

    @Test func `what the body does is there after it, and not before for others`() async throws {
        try await withPostgres { postgres in
            try await postgres.execute("CREATE TABLE t (x int)")
            let value = try await postgres.transaction { transaction in
                try await transaction.execute("INSERT INTO t VALUES (1)")
                let inside: Int = try await transaction.one("SELECT count(*) FROM t")
                let outside: Int = try await postgres.one("SELECT count(*) FROM t")
                #expect(inside == 1 && outside == 0)
                return "done"
            }
            let count: Int = try await postgres.one("SELECT count(*) FROM t")
            #expect(value == "done" && count == 1)
        }
    }

    @Test func `when the body throws nothing is left, and its error comes out`() async throws {
        try await withPostgres(configure: { $0.exclusiveConnections = 1 }) { postgres in
            try await postgres.execute("CREATE TABLE t (x int)")
            for _ in 0..<3 {
                await #expect(throws: Refusal.self) {
                    try await postgres.transaction { transaction in
                        try await transaction.execute("INSERT INTO t VALUES (1)")
                        throw Refusal()
                    }
                }
            }
            // The one connection is still good.
            let count: Int = try await postgres.transaction { try await $0.one("SELECT count(*) FROM t") }
            #expect(count == 0)
        }
    }

    @Test func `a body that goes on after a failed statement is told that nothing was applied`() async throws {
        try await withPostgres { postgres in
            try await postgres.execute("CREATE TABLE t (x int)")
            let error = await #expect(throws: PostgresError.self) {
                try await postgres.transaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (1)")
                    _ = try? await transaction.execute("SELECT 1 / 0")
                }
            }
            #expect(error?.sqlState == "25P02")
            let count: Int = try await postgres.one("SELECT count(*) FROM t")
            #expect(count == 0)
        }
    }

    @Test func `an error of COMMIT comes out, and the connection is good afterwards`() async throws {
        try await withPostgres(configure: { $0.exclusiveConnections = 1 }) { postgres in
            try await postgres.group([
                "CREATE TABLE a (id int PRIMARY KEY)",
                "CREATE TABLE b (a_id int CONSTRAINT b_a_fkey REFERENCES a DEFERRABLE INITIALLY DEFERRED)",
            ])
            for _ in 0..<2 {
                let error = await #expect(throws: PostgresError.self) {
                    try await postgres.transaction { try await $0.execute("INSERT INTO b VALUES (1)") }
                }
                #expect(error?.violates("b_a_fkey") == true)
            }
            try await postgres.transaction { transaction in
                try await transaction.execute("INSERT INTO b VALUES (1)")
                try await transaction.execute("INSERT INTO a VALUES (1)")
            }
        }
    }

    @Test func `a transaction inside another of the same database is refused, and works after it`() async throws {
        try await withPostgres { postgres in
            try await postgres.transaction { _ in
                let error = await #expect(throws: PostgresError.self) { try await postgres.transaction { _ in } }
                #expect(error?.code == .misuse)
            }
            try await postgres.transaction { try await $0.execute("SELECT 1") }
        }
    }

    @Test func `a transaction of another database inside one is fine`() async throws {
        try await withPostgres { first in
            try await withPostgres { second in
                let one: Int = try await first.transaction { _ in
                    try await second.transaction { try await $0.one("SELECT 1") }
                }
                #expect(one == 1)
            }
        }
    }

    @Test func `one that has ended takes no statement`() async throws {
        try await withPostgres { postgres in
            let ended = Mutex<PostgresTransaction?>(nil)
            try await postgres.transaction { transaction in ended.withLock { $0 = transaction } }
            let last = ended.withLock { $0 }
            let transaction = try #require(last)
            let error = await #expect(throws: PostgresError.self) { try await transaction.execute("SELECT 1") }
            #expect(error?.code == .misuse)
            #expect(throws: PostgresError.self) { try transaction.record([JSON(text: "1")], in: "feed") }
        }
    }

    @Test func `cancelling the task rolls back, also when the body ends well`() async throws {
        try await withPostgres(configure: { $0.exclusiveConnections = 1 }) { postgres in
            try await postgres.execute("CREATE TABLE t (x int)")
            let task = Task {
                try await postgres.transaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (1)")
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            await #expect(throws: PostgresError(code: .cancelled)) { try await task.value }
            let count: Int = try await postgres.transaction { try await $0.one("SELECT count(*) FROM t") }
            #expect(count == 0)
        }
    }

    @Test func `transactions wait for a connection, and one that is cancelled leaves the line`() async throws {
        try await withPostgres(configure: { $0.exclusiveConnections = 1 }) { postgres in
            let (waits, waiting) = AsyncStream<Void>.makeStream()
            let (ends, ending) = AsyncStream<Void>.makeStream()
            async let holder: Void = postgres.transaction { transaction in
                waiting.yield()
                var ends = ends.makeAsyncIterator()
                while await ends.next() == nil {}
                _ = transaction
            }
            var waits2 = waits.makeAsyncIterator()
            await waits2.next()
            let second = Task { try await postgres.transaction { _ in } }
            second.cancel()
            await #expect(throws: PostgresError(code: .cancelled)) { try await second.value }
            let third = Task { try await postgres.transaction { _ in "third" } }
            ending.yield()
            try await holder
            let value = try await third.value
            #expect(value == "third")
        }
    }

    @Test func `many transactions on few connections all commit`() async throws {
        try await withPostgres { postgres in
            try await postgres.group(["CREATE TABLE counter (n int)", "INSERT INTO counter VALUES (0)"])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        try await postgres.transaction { transaction in
                            let n: Int32 = try await transaction.one("SELECT n FROM counter FOR UPDATE")
                            try await transaction.execute("UPDATE counter SET n = \(n + 1)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let n: Int = try await postgres.one("SELECT n FROM counter")
            #expect(n == 100)
        }
    }
}
