import Foundation
import Postgres
import TestServers
import Testing

/// Statements on the shared connections.
struct StatementTests {
    @Test func `a thousand statements at once are all answered, each with its own answer`() async throws {
        try await withPostgres { postgres in
            try await withThrowingTaskGroup(of: (Int, Int).self) { group in
                for number in 0..<1_000 {
                    group.addTask { (number, try await postgres.one("SELECT \(number) * 2")) }
                }
                for try await (number, double) in group { #expect(double == 2 * number) }
            }
        }
    }

    @Test func `rows become a type, a single column or a tuple`() async throws {
        try await withPostgres { postgres in
            struct Person: PostgresRowDecodable, Equatable {
                var id: Int
                var name: String?
                init(row: PostgresRow) throws(PostgresError) {
                    self.id = try row.get("id")
                    self.name = try row.get("name")
                }
            }
            let people: [Person] = try await postgres.all(
                "SELECT 'Ann' AS name, 1 AS id UNION ALL SELECT NULL, 2 ORDER BY id")
            #expect(people.map(\.id) == [1, 2] && people.map(\.name) == ["Ann", nil])
            let numbers: [Int] = try await postgres.all("SELECT generate_series(1, 3)")
            #expect(numbers == [1, 2, 3])
            let pairs: [(Int, String)] = try await postgres.all("SELECT 1, 'a'")
            #expect(pairs.count == 1 && pairs[0] == (1, "a"))
            let nobody: Person? = try await postgres.first("SELECT 1 AS id, 'x' AS name WHERE false")
            #expect(nobody == nil)
            await #expect(throws: PostgresError.self) {
                let _: Person = try await postgres.one("SELECT 1 AS id WHERE false")
            }
        }
    }

    @Test func `execute tells how many rows it touched`() async throws {
        try await withPostgres { postgres in
            try await postgres.execute("CREATE TABLE t (x int)")
            let inserted = try await postgres.execute("INSERT INTO t SELECT generate_series(1, 10)")
            let deleted = try await postgres.execute("DELETE FROM t WHERE x > \(7)")
            let none = try await postgres.execute("DELETE FROM t WHERE x > 100")
            #expect(inserted == 10 && deleted == 3 && none == 0)
        }
    }

    @Test func `an error in one statement does not harm its neighbours in the pipeline`() async throws {
        try await withPostgres(configure: { $0.connections = 1 }) { postgres in
            try await postgres.execute("CREATE TABLE t (x int PRIMARY KEY)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        switch number % 3 {
                        case 0:
                            let error = await #expect(throws: PostgresError.self) {
                                try await postgres.execute("SELECT 1 / \(0)")
                            }
                            #expect(error?.code == .sqlState("22012"))
                        case 1:
                            let error = await #expect(throws: PostgresError.self) {
                                try await postgres.execute("SELEKT")
                            }
                            #expect(error?.code == .sqlState("42601"))
                        default: try await postgres.execute("INSERT INTO t VALUES (\(Int32(number)))")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let count: Int = try await postgres.one("SELECT count(*) FROM t")
            #expect(count == 100)
        }
    }

    @Test func `a violation names its constraint and tells nothing of the row`() async throws {
        try await withPostgres { postgres in
            try await postgres.execute("CREATE TABLE users (name text CONSTRAINT users_name_key UNIQUE)")
            try await postgres.execute("INSERT INTO users VALUES (\("secret-name"))")
            let error = await #expect(throws: PostgresError.self) {
                try await postgres.execute("INSERT INTO users VALUES (\("secret-name"))")
            }
            #expect(error?.code == PostgresError.uniqueViolation)
            #expect(error?.violates("users_name_key") == true)
            #expect(error.map { "\($0)".contains("secret-name") } == false)
        }
    }

    @Test func `an error of the commit is the answer, although rows came before it`() async throws {
        try await withPostgres { postgres in
            try await postgres.group([
                "CREATE TABLE a (id int PRIMARY KEY)",
                "CREATE TABLE b (a_id int CONSTRAINT b_a_fkey REFERENCES a DEFERRABLE INITIALLY DEFERRED)",
            ])
            let error = await #expect(throws: PostgresError.self) {
                let _: Int = try await postgres.one("INSERT INTO b VALUES (1) RETURNING a_id")
            }
            #expect(error?.violates("b_a_fkey") == true)
            let count: Int = try await postgres.one("SELECT count(*) FROM b")
            #expect(count == 0)
        }
    }

    @Test func `a group is applied whole or not at all, and each statement sees those before it`() async throws {
        try await withPostgres { postgres in
            try await postgres.execute("CREATE TABLE t (x int PRIMARY KEY)")
            let answers = try await postgres.group([
                "INSERT INTO t VALUES (1), (2)", "SELECT x FROM t ORDER BY x", "UPDATE t SET x = x + 10",
            ])
            #expect(answers.map(\.affected) == [2, 2, 2])
            #expect(try answers[1].decode() == [1, 2])
            let error = await #expect(throws: PostgresError.self) {
                try await postgres.group([
                    "INSERT INTO t VALUES (3)", "INSERT INTO t VALUES (11)", "INSERT INTO t VALUES (4)",
                ])
            }
            #expect(error?.code == PostgresError.uniqueViolation)
            let left: [Int] = try await postgres.all("SELECT x FROM t ORDER BY x")
            #expect(left == [11, 12])
            let nothing = try await postgres.group([])
            #expect(nothing.isEmpty)
        }
    }

    @Test func `groups at once on few connections keep apart`() async throws {
        try await withPostgres { postgres in
            try await postgres.execute("CREATE TABLE t (x int UNIQUE, batch int)")
            await withTaskGroup { group in
                for batch in 0..<200 {
                    group.addTask {
                        // Every second one fails at its end.
                        let x = batch % 2 == 0 ? batch : -1
                        _ = try? await postgres.group([
                            "INSERT INTO t VALUES (\(Int32(1_000 + batch)), \(Int32(batch)))",
                            "INSERT INTO t VALUES (\(Int32(x)), \(Int32(batch))), (\(Int32(x)), \(Int32(batch)))",
                        ])
                    }
                    group.addTask {
                        _ = try? await postgres.group([
                            "INSERT INTO t VALUES (\(Int32(10_000 + batch)), \(Int32(batch)))", "SELECT 1",
                        ])
                    }
                }
            }
            let counts: (Int, Int) = try await postgres.one(
                "SELECT count(*) FILTER (WHERE x < 10000), count(*) FILTER (WHERE x >= 10000) FROM t")
            #expect(counts == (0, 200))
        }
    }

    @Test func `a statement whose table changed since it was prepared runs all the same`() async throws {
        try await withPostgres(configure: { $0.connections = 1 }) { postgres in
            try await postgres.execute("CREATE TABLE t (x int)")
            try await postgres.execute("INSERT INTO t VALUES (1)")
            let all: SQL = "SELECT * FROM t"
            for _ in 0..<3 { _ = try await postgres.rows(all) }
            try await postgres.execute("ALTER TABLE t ADD COLUMN y text DEFAULT 'new'")
            let row: (Int, String) = try await postgres.one(all)
            #expect(row == (1, "new"))
            try await postgres.execute("DEALLOCATE ALL")
            let again: (Int, String) = try await postgres.one(all)
            #expect(again == (1, "new"))
        }
    }

    @Test func `more texts than a connection remembers are forgotten on the server too`() async throws {
        try await withPostgres(configure: { $0.connections = 1 }) { postgres in
            for number in 0..<400 {
                _ = try await postgres.rows("SELECT \(number)" + Self.column("c\(number)"))
            }
            let prepared: Int = try await postgres.one("SELECT count(*) FROM pg_prepared_statements")
            #expect(prepared > 200 && prepared <= 257)
        }
    }

    @Test func `statements that differ in types alone do not mix`() async throws {
        try await withPostgres(configure: { $0.connections = 1 }) { postgres in
            for round in 0..<3 {
                let number: Int = try await postgres.one("SELECT \(round)")
                let text: String = try await postgres.one("SELECT \("\(round)")")
                #expect(number == round && text == "\(round)")
            }
        }
    }

    @Test func `an answer of many megabytes comes whole, and others with it`() async throws {
        try await withPostgres(configure: { $0.connections = 1 }) { postgres in
            async let long: String = postgres.one("SELECT repeat('x', 20000000)")
            async let short: Int = postgres.one("SELECT 1")
            let sent = String(repeating: "y", count: 20_000_000)
            async let echoed: Int = postgres.one("SELECT length(\(sent))")
            let longLength = try await long.utf8.count
            #expect(longLength == 20_000_000)
            let shortAnswer = try await short
            #expect(shortAnswer == 1)
            let echoedLength = try await echoed
            #expect(echoedLength == 20_000_000)
        }
    }

    @Test func `a cancelled task sends nothing`() async throws {
        try await withPostgres { postgres in
            try await postgres.execute("CREATE TABLE t (x int)")
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await postgres.execute("INSERT INTO t VALUES (1)")
            }
            await #expect(throws: PostgresError(code: .cancelled)) { try await task.value }
            let count: Int = try await postgres.one("SELECT count(*) FROM t")
            #expect(count == 0)
        }
    }

    @Test func `COPY, which has no place here, fails and the next statement works`() async throws {
        try await withPostgres(configure: { $0.connections = 1 }) { postgres in
            await #expect(throws: PostgresError.self) { try await postgres.execute("COPY (SELECT 1) TO STDOUT") }
            let one: Int = try await postgres.one("SELECT 1")
            #expect(one == 1)
        }
    }

    private static func column(_ name: String) -> SQL { " AS \(identifier: name)" }
}
