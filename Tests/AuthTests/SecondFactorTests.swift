import Foundation
import HTTPTypes
import HummingbirdTesting
import Postgres
import Testing

@testable import Auth

struct SecondFactorTests {
    /// RFC 6238 Appendix B, the rows of SHA-1.
    @Test(arguments: [
        (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
    ])
    func `codes are those of RFC 6238`(time: Int, code: String) {
        let totp = TOTP(secret: Data("12345678901234567890".utf8))
        let step = TOTP.step(at: Date(timeIntervalSince1970: TimeInterval(time)))
        #expect(totp.code(at: step, digits: 8) == code)
        #expect(totp.code(at: step) == String(code.suffix(6)))
    }

    /// RFC 4648 §10.
    @Test(arguments: [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")])
    func `secrets are typed in base 32`(text: String, encoded: String) {
        #expect(Base32.encode(Data(text.utf8)) == encoded)
    }

    @Test func `a code holds one step before and after its own, and never twice`() {
        let totp = TOTP(secret: Data("12345678901234567890".utf8))
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let step = TOTP.step(at: now)
        for (offset, holds) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = totp.code(at: step + Int64(offset))
            #expect((totp.step(of: code, at: now, after: 0) != nil) == holds)
            #expect(totp.step(of: code, at: now, after: step + 2) == nil)
        }
    }

    @Test func `T12 with a second factor the password is not enough, and no code counts twice`() async throws {
        try await withAuth { auth in
            let token = try await auth.register("alice").token
            let (setup, totp) = try await auth.beginTOTP(token)
            #expect(setup.recoveryCodes.count == 10)
            // It counts for nothing yet.
            #expect(try await auth.login("alice").status == .ok)
            #expect(try await auth.confirmTOTP(token, "000000").code == "invalid_code")
            let code = totp.code(at: TOTP.step(at: auth.clock.now))
            #expect(try await auth.confirmTOTP(token, code).status == .noContent)
            #expect(try await auth.confirmTOTP(token, code).code == "totp_active")

            #expect(try await auth.login("alice").code == "totp_required")
            #expect(try await auth.login("alice", totp: code).code == "invalid_credentials")
            auth.clock.advance(by: .seconds(30))
            let next = totp.code(at: TOTP.step(at: auth.clock.now))
            #expect(try await auth.login("alice", totp: next).status == .ok)
            #expect(try await auth.login("alice", totp: next).code == "invalid_credentials")

            let recovery = setup.recoveryCodes[3]
            #expect(try await auth.login("alice", totp: recovery.lowercased()).status == .ok)
            #expect(try await auth.login("alice", totp: recovery).code == "invalid_credentials")
        }
    }

    @Test func `T12 guesses at a second factor are counted as those at a password`() async throws {
        try await withAuth { auth in
            let token = try await auth.register("alice").token
            let (_, totp) = try await auth.beginTOTP(token)
            _ = try await auth.confirmTOTP(token, totp.code(at: TOTP.step(at: auth.clock.now)))
            auth.clock.advance(by: .seconds(30))
            let right = totp.code(at: TOTP.step(at: auth.clock.now))
            for _ in 0..<5 { #expect(try await auth.login("alice", totp: "wrong").status == .unauthorized) }
            for _ in 0..<5 { #expect(try await auth.login("alice", totp: "wrong").status == .tooManyRequests) }
            #expect(try await auth.login("alice", totp: right).status == .tooManyRequests)
        }
    }

    @Test func `a second factor goes with the password and a code`() async throws {
        try await withAuth { auth in
            let token = try await auth.register("alice").token
            let (setup, totp) = try await auth.beginTOTP(token)
            _ = try await auth.confirmTOTP(token, totp.code(at: TOTP.step(at: auth.clock.now)))
            func remove(_ password: String, _ code: String) async throws -> TestResponse {
                try await auth.edge.call(
                    .delete, "/api/auth/me/totp", #"{"password":"\#(password)","totp":"\#(code)"}"#, token: token)
            }
            #expect(try await remove("open barley", setup.recoveryCodes[0]).code == "wrong_password")
            #expect(try await remove("open sesame", "wrong").code == "invalid_code")
            #expect(try await remove("open sesame", setup.recoveryCodes[0]).status == .noContent)
            #expect(try await auth.login("alice").status == .ok)
        }
    }

    @Test func `a secret cannot be read from the database`() async throws {
        try await withAuth { auth in
            let token = try await auth.register("alice").token
            let (_, totp) = try await auth.beginTOTP(token)
            let kept: Data = try await auth.postgres.one("SELECT secret FROM auth.second_factors")
            #expect(kept.range(of: totp.secret) == nil)
        }
    }
}

extension TestAuth {
    fileprivate func beginTOTP(_ token: String) async throws -> (SecondFactors.Setup, TOTP) {
        let answer = try await self.edge.call(.post, "/api/auth/me/totp", #"{"password":"open sesame"}"#, token: token)
        let setup = try answer.decode(as: SecondFactors.Setup.self)
        return (setup, TOTP(secret: try Self.decoded(setup.secret)))
    }

    fileprivate func confirmTOTP(_ token: String, _ code: String) async throws -> TestResponse {
        try await self.edge.call(.post, "/api/auth/me/totp/confirm", #"{"code":"\#(code)"}"#, token: token)
    }

    fileprivate func login(_ name: String, totp: String) async throws -> TestResponse {
        try await self.edge.call(
            .post, "/api/auth/login", #"{"username":"\#(name)","password":"open sesame","totp":"\#(totp)"}"#)
    }

    /// Base 32 of 160 bits, as an app reads it.
    private static func decoded(_ text: String) throws -> Data {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        let bits = try text.flatMap { letter in
            let value = try #require(alphabet.firstIndex(of: letter))
            return (0..<5).map { value >> (4 - $0) & 1 }
        }
        return Data(
            stride(from: 0, to: bits.count - 7, by: 8).map { start in
                bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | UInt8($1) }
            })
    }
}
