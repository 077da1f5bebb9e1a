import ChatAPI
import Foundation
import ServiceKit
import Testing

@testable import Auth

/// The rules that need neither a database nor a request.
struct RulesTests {
    @Test(arguments: ["abc", "A.b-c_9", String(repeating: "x", count: 32), "..."])
    func `a username has 3 to 32 of the allowed characters`(name: String) {
        #expect(Username(name)?.description == name)
    }

    @Test(arguments: ["", "ab", String(repeating: "x", count: 33), "a b c", "josé", "用户名", "abc\n", "a\u{0}bc", "a/bc"])
    func `any other username is refused`(name: String) {
        #expect(Username(name) == nil)
    }

    @Test(arguments: [
        ("1234567", "alice"), (String(repeating: "ab", count: 65), "alice"), ("AliceAlice", "aliceALICE"),
        ("PassWord1", "alice"), ("zzzzzzzzzz", "alice"), ("xyzxyzxyzx", "alice"), ("78901234", "alice"),
        ("hgfedcba", "alice"), ("qwertyuiop", "alice"), ("poiuytre", "alice"), ("1qaz2wsx3edc", "alice"),
        ("P@ssw0rd2026", "alice"), ("!!Dragon99", "alice"), ("l3tm31n!", "alice"), ("Summer2026", "alice"),
        ("alice2026", "Alice"), ("ecila-42", "alice"), ("5201314520", "alice"),
    ])
    func `a password that is short, long, common or the username is refused`(password: String, username: String) {
        #expect(PasswordRules.problem(with: Password(password), of: username) != nil)
    }

    @Test(arguments: [
        "correct horse", "我的密码很长很长吧", "12345679a!", String(repeating: "sesame", count: 21), "monkey19871123",
        "malice toward none", "summer rain in 2026",
    ])
    func `any other password is taken`(password: String) {
        #expect(PasswordRules.problem(with: Password(password), of: "alice") == nil)
    }

    @Test func `a password typed in two Unicode forms is one password and never describes itself`() {
        #expect(Password("caf\u{E9} au lait").text.utf8.elementsEqual(Password("cafe\u{301} au lait").text.utf8))
        var dumped = ""
        dump(Password("sesame open"), to: &dumped)
        #expect(
            !"\(Password("sesame open")) \(String(reflecting: Password("sesame open"))) \(dumped)".contains("sesame"))
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("", ""), ("2001:db8::1", "20010db800000000/64"),
        ("2001:db8::ffff:2", "20010db800000000/64"), ("2001:db8:0:1::1", "20010db800000001/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"), ("not:an:address", "not:an:address"),
    ])
    func `failures count by address, and in IPv6 by its first 64 bits`(address: String, source: String) {
        #expect(LoginLimits.source(of: address) == source)
    }

    @Test func `a session goes on for the idle time after each renewal, but not past its longest`() {
        let life = SessionLife(idle: .seconds(7), longest: .seconds(10))
        let start = Date(timeIntervalSince1970: 1_000)
        #expect(life.expiry(of: start, now: start) == start + 7)
        #expect(life.expiry(of: start, now: start + 5) == start + 10)
        #expect(life.expiry(of: start, now: start + 10) == nil)
    }

    @Test func `null takes the avatar away, and leaving it out keeps it`() throws {
        let kept = try StrictJSON.decode(ProfileChange.self, from: Array(#"{"bio":"x"}"#.utf8))
        #expect(kept.avatar == nil)
        let removed = try StrictJSON.decode(ProfileChange.self, from: Array(#"{"avatar":null}"#.utf8))
        #expect(removed.avatar == .some(nil))
        #expect(removed.problems.isEmpty)
    }

    @Test(arguments: [
        ProfileChange(nickname: ""), ProfileChange(nickname: "  "),
        ProfileChange(nickname: String(repeating: "n", count: 51)),
        ProfileChange(avatar: "https://evil.example/pixel.png"), ProfileChange(avatar: "/api/media/files/../../x"),
        ProfileChange(avatar: "/api/media/files/a b"), ProfileChange(bio: String(repeating: "b", count: 201)),
    ])
    func `a profile keeps its lengths and shows only pictures that were uploaded here`(change: ProfileChange) {
        #expect(change.problems.count == 1)
    }

    @Test func `the first of the signing keys signs, and the set does not depend on their order`() throws {
        let one = Base64URL.encode([UInt8](repeating: 1, count: 32))
        let two = Base64URL.encode([UInt8](repeating: 2, count: 32))
        let keys = try SigningKeys(parsing: "b:\(two),a:\(one)")
        #expect(keys.signer.kid == "b")
        #expect(keys.jwks == (try SigningKeys(parsing: "a:\(one),b:\(two)").jwks))
        #expect(!keys.jwks.contains(one))
    }

    @Test(arguments: ["", "k1", "k1:", "k1:AAAA", ":AAAA", "k 1:AAAA", "k1:x,k1:y", "k1:AAAA,"])
    func `malformed signing keys are refused`(text: String) {
        #expect(throws: SigningKeys.Malformed.self) { try SigningKeys(parsing: text) }
    }
}
