import Foundation
import Testing

@testable import Postgres

struct SQLTests {
    @Test func `a value becomes a parameter, in order`() {
        let sql: SQL = "SELECT \(1) + \("two") WHERE \(true)"
        #expect(sql.text == "SELECT $1 + $2 WHERE $3")
        #expect(sql.parameters.types == [PostgresType.int8.id, PostgresType.text.id, PostgresType.bool.id])
        #expect(sql.parameters[0].map(Array.init) == [0, 0, 0, 0, 0, 0, 0, 1])
        #expect(sql.parameters[1].map(Array.init) == Array("two".utf8))
    }

    @Test func `text that looks like SQL stays a parameter`() {
        let evil = "x'; DROP TABLE users; --"
        let sql: SQL = "SELECT \(evil)"
        #expect(sql.text == "SELECT $1")
        #expect(sql.parameters[0].map { String(decoding: $0, as: UTF8.self) } == evil)
    }

    @Test func `pieces of SQL are joined and their parameters counted on`() {
        let condition: SQL = "a = \(1) AND b = \("x")"
        var sql: SQL = "SELECT \(nil as Int?) WHERE \(condition) AND c = \(3)"
        sql += " LIMIT \(4)"
        #expect(sql.text == "SELECT $1 WHERE a = $2 AND b = $3 AND c = $4 LIMIT $5")
        #expect(sql.parameters.count == 5)
        #expect(sql.parameters[0] == nil)
        #expect(sql.parameters[2].map(Array.init) == Array("x".utf8))
        #expect(sql.parameters[4].map(Array.init) == [0, 0, 0, 0, 0, 0, 0, 4])
    }

    @Test func `pieces without parameters join at either end`() {
        let first: SQL = "SELECT "
        #expect((first + "\(1)" + SQL() + " AS x").text == "SELECT $1 AS x")
        #expect(SQL().text == "")
    }

    @Test func `an identifier is quoted`() {
        let sql: SQL = "SELECT FROM \(identifier: "a\"b.c d")"
        #expect(sql.text == #"SELECT FROM "a""b"."c d""#)
    }
}
