import ArgumentParser
import Foundation
import ServiceKit
import Testing

@testable import teahousectl

struct KeyRotationTests {
    private let old = "k1:\(Base64URL.encode([UInt8](repeating: 1, count: 32)))"
    private let seed = [UInt8](repeating: 2, count: 32)

    @Test func `a new key is trusted, then signs, then stands alone`() throws {
        let rotation = try KeyRotation(current: self.old, kid: "k2", seed: self.seed)
        let new = "k2:\(Base64URL.encode(self.seed))"
        #expect(
            rotation.steps
                == KeyRotation.Steps(publish: "\(self.old),\(new)", sign: "\(new),\(self.old)", retire: new))
        #expect(rotation.text.contains("AUTH_SIGNING_KEYS=\(new),\(self.old)\n"))
    }

    @Test func `a taken name and what is no list of keys are refused, without a part of a key`() {
        for (current, kid) in [(self.old, "k1"), (self.old, "k 2"), ("k1", "k2"), ("k1:short", "k2"), ("", "k2")] {
            let error = #expect(throws: ValidationError.self) {
                try KeyRotation(current: current, kid: kid, seed: self.seed)
            }
            #expect(error?.message.contains("AQEB") == false)
        }
    }

    @Test func `the usual name is the day`() {
        #expect(KeyRotation.kid(of: Date(timeIntervalSince1970: 1_800_000_000)) == "k20270115")
    }
}

struct AccountNameTests {
    @Test func `digits are an id, and whatever else a username that goes into a query safely`() {
        #expect(AccountName(argument: "42")?.query == "id=42")
        #expect(AccountName(argument: "@42")?.query == "username=42")
        #expect(AccountName(argument: "a.b-c_d")?.query == "username=a%2Eb%2Dc%5Fd")
        #expect(AccountName(argument: "x&id=1")?.query == "username=x%26id%3D1")
        #expect(AccountName(argument: "") == nil)
    }

    @Test func `what people wrote does not act on a terminal`() {
        #expect(Output.clean("a\u{1B}[31mb\u{202E}c\n") == "a�[31mb�c�")
        #expect(Output.clean("茶 馆 🍵") == "茶 馆 🍵")
    }
}
