import Foundation
import Postgres
import TestServers
import Testing

struct TimeoutTests {
    @Test func `a statement that takes too long is ended by PostgreSQL, and its neighbours are answered`() async throws
    {
        try await withPostgres(configure: {
            $0.connections = 1
            $0.statementTimeout = .milliseconds(200)
            $0.answerGrace = .seconds(30)
        }) { postgres in
            let slow = Task { try await postgres.execute("SELECT pg_sleep(60)") }
            async let quick: Int = postgres.one("SELECT 1")
            let error = await #expect(throws: PostgresError.self) { try await slow.value }
            #expect(error?.code == .timeout && error?.sqlState == "57014")
            let one = try await quick
            #expect(one == 1)
        }
    }

    @Test func `a server that does not answer in time is given up, and another connection takes over`() async throws {
        try await withPostgres(configure: {
            $0.connections = 1
            $0.statementTimeout = .milliseconds(100)
            $0.answerGrace = .seconds(2)
        }) { postgres in
            let error = await #expect(throws: PostgresError.self) {
                // Lifts its own time limit, as a server that hangs would.
                try await postgres.group(["SET LOCAL statement_timeout = 0", "SELECT pg_sleep(60)"])
            }
            #expect(error?.code == .outcomeUnknown)
            let one: Int = try await postgres.one("SELECT 1")
            #expect(one == 1)
        }
    }

    @Test func `statements in line behind a slow one fail as unavailable when their time is up`() async throws {
        try await withDatabase { url in
            var configuration = try PostgresConfiguration(url: url)
            configuration.connections = 1
            configuration.pipelineDepth = 1
            configuration.queueTimeout = .milliseconds(100)
            let postgres = Postgres(configuration, logger: .tests)
            while !postgres.isReady { await Task.yield() }
            try await postgres.execute("CREATE TABLE t (x int)")
            let slow = Task { try await postgres.execute("SELECT pg_sleep(2)") }
            try await awaitSleepers(1, at: url)
            let error = await #expect(throws: PostgresError.self) {
                try await postgres.execute("INSERT INTO t VALUES (1)")
            }
            #expect(error?.code == .unavailable)
            _ = try await slow.value
            let count: Int = try await postgres.one("SELECT count(*) FROM t")
            #expect(count == 0)
            await postgres.close()
        }
    }

    @Test func `past its bound the line takes no more`() async throws {
        try await withPostgres(configure: {
            $0.connections = 1
            $0.pipelineDepth = 1
            $0.maxQueued = 5
        }) { postgres in
            let codes = await withTaskGroup(of: PostgresError.Code?.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        do throws(PostgresError) {
                            try await postgres.execute("SELECT pg_sleep(0.01)")
                            return nil
                        } catch { return error.code }
                    }
                }
                return await group.reduce(into: [PostgresError.Code?]()) { $0.append($1) }
            }
            #expect(codes.contains(.overloaded))
            #expect(codes.contains(nil))
            #expect(codes.allSatisfy { $0 == nil || $0 == .overloaded })
        }
    }

    @Test func `a transaction that does nothing for too long is ended, and nothing of it is left`() async throws {
        try await withPostgres(configure: { $0.idleInTransactionTimeout = .milliseconds(50) }) { postgres in
            try await postgres.execute("CREATE TABLE t (x int)")
            let error = await #expect(throws: PostgresError.self) {
                try await postgres.transaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (1)")
                    // Until PostgreSQL has ended the session, which it shows in its list.
                    while try await postgres.one(
                        "SELECT count(*) > 0 FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'")
                    {}
                    try await transaction.execute("INSERT INTO t VALUES (2)")
                }
            }
            #expect(error?.code == .unavailable)
            let count: Int = try await postgres.one("SELECT count(*) FROM t")
            #expect(count == 0)
        }
    }
}
