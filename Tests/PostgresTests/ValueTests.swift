import Foundation
import Postgres
import TestServers
import Testing

struct ValueTests {
    @Test func `every type comes back as it went`() async throws {
        try await withPostgres { postgres in
            func roundTrip<V: PostgresEncodable & PostgresDecodable & Equatable>(
                _ value: V, _ location: SourceLocation = #_sourceLocation
            ) async throws {
                let back: V = try await postgres.one("SELECT \(value)")
                #expect(back == value, sourceLocation: location)
            }
            for value in [0, 1, -1, .max, .min] as [Int] { try await roundTrip(value) }
            for value in [0, .max, .min] as [Int64] { try await roundTrip(value) }
            for value in [0, .max, .min] as [Int32] { try await roundTrip(value) }
            for value in [0, .max, .min] as [Int16] { try await roundTrip(value) }
            for value in [true, false] { try await roundTrip(value) }
            for value in [0, -1.5, .pi, .infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude] as [Double] {
                try await roundTrip(value)
            }
            for value in ["", "x", "茶馆 👩‍👩‍👧‍👦 é", "'; DROP TABLE x; --", String(repeating: "长", count: 100_000)] {
                try await roundTrip(value)
            }
            try await roundTrip(UUID())
            // Microseconds, which is finer than a double tells here.
            let moment = Date(timeIntervalSince1970: 1_795_411_920.123)
            let back: Date = try await postgres.one("SELECT \(moment)")
            #expect(abs(back.timeIntervalSince(moment)) < 0.000_001)
            try await roundTrip(Date(timeIntervalSince1970: 0))
            try await roundTrip([] as [UInt8])
            try await roundTrip((0...255).map { UInt8($0) })
            try await roundTrip(Data([0, 1, 255]))
            try await roundTrip(Duration.milliseconds(-1_500))
            try await roundTrip(Colour.green)
        }
    }

    @Test func `arrays come back as they went, empty, with NULLs, and long`() async throws {
        try await withPostgres { postgres in
            func roundTrip<V: PostgresEncodable & PostgresDecodable & Equatable>(
                _ value: V, _ location: SourceLocation = #_sourceLocation
            ) async throws {
                let back: V = try await postgres.one("SELECT \(value)")
                #expect(back == value, sourceLocation: location)
            }
            try await roundTrip([] as [Int64])
            try await roundTrip((0..<10_000).map { Int64($0) })
            try await roundTrip([1, nil, 3] as [Int?])
            try await roundTrip([UUID(), UUID()])
            try await roundTrip(["", "茶", "a,b", "\"q\"", "{}", "NULL"])
            try await roundTrip([[], [0], [1, 2, 255]] as [[UInt8]])
            try await roundTrip([Data([7]), nil] as [Data?])
            try await roundTrip([true, false])
            try await roundTrip([1.5, -2])
            try await roundTrip([Date(timeIntervalSince1970: 1)])
            try await roundTrip([Colour.red, .green])
        }
    }

    @Test func `unnest takes columns of every type used for writing in bulk`() async throws {
        try await withPostgres { postgres in
            let ids = [UUID(), UUID()]
            let rows: [(Int64, UUID, String?, [UInt8], JSON)] = try await postgres.all(
                """
                SELECT * FROM unnest(
                    \([1, 2] as [Int64]), \(ids), \(["a", nil] as [String?]), \([[1], []] as [[UInt8]]),
                    \([JSON(text: #"{"k": 1}"#), JSON(text: "[]")])) ORDER BY 1
                """)
            #expect(rows.count == 2)
            #expect(rows[0].0 == 1 && rows[0].1 == ids[0] && rows[0].2 == "a" && rows[0].3 == [1])
            #expect(rows[1].2 == nil && rows[1].3 == [] && rows[1].4.text == "[]")
            #expect(try rows[0].4.decode(as: [String: Int].self) == ["k": 1])
        }
    }

    @Test func `NULL is nil where an optional is asked for, and an error elsewhere`() async throws {
        try await withPostgres { postgres in
            let none: Int?? = try await postgres.first("SELECT \(nil as Int?)")
            #expect(none == .some(.none))
            let missing: Int? = try await postgres.first("SELECT 1 WHERE false")
            #expect(missing == nil)
            await #expect(throws: PostgresError.self) { let _: Int = try await postgres.one("SELECT NULL::bigint") }
            let pair: (String?, Int?) = try await postgres.one("SELECT NULL::text, 7")
            #expect(pair.0 == nil && pair.1 == 7)
        }
    }

    @Test func `whole numbers of every size and numeric become Int, if they fit`() async throws {
        try await withPostgres { postgres in
            let row: (Int, Int, Int, Int, Int) = try await postgres.one(
                "SELECT 7::smallint, 7::int, 7::bigint, 12345678901234567::numeric, sum(x) FROM (VALUES (-40000::bigint)) AS t (x)"
            )
            #expect(row == (7, 7, 7, 12_345_678_901_234_567, -40_000))
            let doubles: (Double, Double, Double) = try await postgres.one(
                "SELECT 1.25::numeric, -0.0001::numeric, 1e20::numeric")
            #expect(doubles == (1.25, -0.0001, 1e20))
            for refused: SQL in ["SELECT 1.5::numeric", "SELECT 1e30::numeric", "SELECT 'NaN'::numeric", "SELECT '1'"] {
                await #expect(throws: PostgresError.self) { let _: Int = try await postgres.one(refused) }
            }
            await #expect(throws: PostgresError.self) { let _: Int16 = try await postgres.one("SELECT 70000") }
        }
    }

    @Test func `a wrong type, column or value is an error that names the column`() async throws {
        try await withPostgres { postgres in
            let rows = try await postgres.rows("SELECT 'x' AS name, 5 AS number, ARRAY['a'] AS list")
            func refuses<V: PostgresDecodable>(_ type: V.Type, _ location: SourceLocation = #_sourceLocation) {
                let error = #expect(throws: PostgresError.self, sourceLocation: location) {
                    try rows[0].get("name", as: type)
                }
                #expect(error?.code == .decoding && error?.message.contains("name") == true, sourceLocation: location)
            }
            refuses(Int.self)
            refuses(UUID.self)
            refuses([Int].self)
            refuses(Colour.self)
            #expect(throws: PostgresError.self) { try rows[0].get("list", as: [Int].self) }
            #expect(throws: PostgresError.self) { try rows[0].get("number", as: String.self) }
            #expect(throws: PostgresError.self) { try rows[0].get("absent", as: Int.self) }
            #expect(throws: PostgresError.self) { try rows[0].get(3, as: Int.self) }
            #expect(throws: PostgresError.self) { try rows[0].get(-1, as: Int.self) }
        }
    }

    @Test func `enumerations of PostgreSQL are strings`() async throws {
        try await withPostgres { postgres in
            try await postgres.execute("CREATE TYPE colour AS ENUM ('red', 'green')")
            let colours: [Colour] = try await postgres.all(
                "SELECT c FROM unnest(\([Colour.red, .green])::colour[]) AS c WHERE c <> \(Colour.red)::colour")
            #expect(colours == [.green])
        }
    }

    @Test func `text with a NUL is refused by PostgreSQL, and harms nothing`() async throws {
        try await withPostgres { postgres in
            await #expect(
                throws: PostgresError(
                    code: .sqlState("22021"), message: "invalid byte sequence for encoding \"UTF8\": 0x00")
            ) {
                try await postgres.execute("SELECT \("a\u{0}b")")
            }
            let one: Int = try await postgres.one("SELECT 1")
            #expect(one == 1)
        }
    }

    private enum Colour: String, PostgresNewtype { case red, green }
}
