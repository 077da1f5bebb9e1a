import Postgres
import TestServers
import Testing

struct MigrationTests {
    private let users = Migration(
        name: "m001_users", text: "CREATE TABLE app.users (id int); INSERT INTO app.users VALUES (1);")
    private let rooms = Migration(name: "m002_rooms", text: "CREATE TABLE app.rooms (id int);")

    @Test func `they run once, in order, and later ones are added`() async throws {
        try await withPostgres { postgres in
            try await postgres.migrate(schema: "app", [self.users])
            try await postgres.migrate(schema: "app", [self.users])
            try await postgres.migrate(schema: "app", [self.users, self.rooms])
            let applied: [String] = try await postgres.all("SELECT name FROM app.migrations ORDER BY applied_at, name")
            #expect(applied == ["m001_users", "m002_rooms"])
            let count: Int = try await postgres.one("SELECT count(*) FROM app.users")
            #expect(count == 1)
        }
    }

    @Test func `one that was edited after it was applied is refused, and nothing else runs`() async throws {
        try await withPostgres { postgres in
            try await postgres.migrate(schema: "app", [self.users])
            let edited = Migration(name: "m001_users", text: self.users.text + " ")
            let error = await #expect(throws: PostgresError.self) {
                try await postgres.migrate(schema: "app", [edited, self.rooms])
            }
            #expect(error?.code == .configuration && error?.message.contains("m001_users") == true)
            let applied: [String] = try await postgres.all("SELECT name FROM app.migrations")
            #expect(applied == ["m001_users"])
        }
    }

    @Test func `ones that a newer version has run are left alone`() async throws {
        try await withPostgres { postgres in
            try await postgres.migrate(schema: "app", [self.users, self.rooms])
            try await postgres.migrate(schema: "app", [self.users])
            let applied: [String] = try await postgres.all("SELECT name FROM app.migrations ORDER BY name")
            #expect(applied == ["m001_users", "m002_rooms"])
        }
    }

    @Test func `one that fails leaves nothing of itself, and its name is told`() async throws {
        try await withPostgres { postgres in
            let broken = Migration(name: "m002_broken", text: "CREATE TABLE app.half (id int); SELECT 1 / 0;")
            let error = await #expect(throws: PostgresError.self) {
                try await postgres.migrate(schema: "app", [self.users, broken])
            }
            #expect(error?.sqlState == "22012" && error?.message.contains("m002_broken") == true)
            let half: Bool = try await postgres.one("SELECT to_regclass('app.half') IS NOT NULL")
            #expect(!half)
            let applied: [String] = try await postgres.all("SELECT name FROM app.migrations")
            #expect(applied == ["m001_users"])
        }
    }

    @Test func `several at once run each migration once`() async throws {
        try await withPostgres { postgres in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await postgres.migrate(schema: "app", [self.users, self.rooms]) }
                }
                try await group.waitForAll()
            }
            let count: Int = try await postgres.one("SELECT count(*) FROM app.users")
            #expect(count == 1)
        }
    }

    @Test func `two schemas of one database keep their own`() async throws {
        try await withPostgres { postgres in
            try await postgres.migrate(schema: "app", [self.users])
            try await postgres.migrate(
                schema: "other", [Migration(name: "m001_users", text: "CREATE TABLE other.users (id int)")])
            let counts: (Int, Int) = try await postgres.one(
                "SELECT (SELECT count(*) FROM app.migrations), (SELECT count(*) FROM other.migrations)")
            #expect(counts == (1, 1))
        }
    }

    @Test func `what would run is told, and nothing is changed by asking`() async throws {
        try await withPostgres { postgres in
            #expect(
                try await postgres.pending(schema: "app", [self.users, self.rooms]).map(\.name) == [
                    "m001_users", "m002_rooms",
                ])
            let exists: Bool = try await postgres.one("SELECT to_regnamespace('app') IS NOT NULL")
            #expect(!exists)
            try await postgres.migrate(schema: "app", [self.users])
            #expect(try await postgres.pending(schema: "app", [self.users, self.rooms]).map(\.name) == ["m002_rooms"])
            try await postgres.migrate(schema: "app", [self.users, self.rooms])
            #expect(try await postgres.pending(schema: "app", [self.users, self.rooms]).isEmpty)
        }
    }

    @Test func `one that does not get its lock gives way, and runs when the table is free`() async throws {
        let wider = Migration(name: "m003_wider", text: "ALTER TABLE app.users ADD COLUMN name text")
        try await withPostgres { postgres in
            try await postgres.migrate(schema: "app", [self.users])
            try await postgres.transaction { transaction in
                let _: [Int] = try await transaction.all("SELECT id FROM app.users")
                let error = await #expect(throws: PostgresError.self) {
                    try await postgres.migrate(
                        schema: "app", [self.users, wider], patience: .zero, lockTimeout: .milliseconds(50))
                }
                #expect(error?.code == .lockNotAvailable && error?.message.contains("m003_wider") == true)
            }
            try await postgres.migrate(schema: "app", [self.users, wider], lockTimeout: .milliseconds(50))
            #expect(try await postgres.pending(schema: "app", [self.users, wider]).isEmpty)
        }
    }
}
