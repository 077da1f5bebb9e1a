import ChatAPI
import Crypto
import Foundation
import ServiceKit

/// Codes by mail: sent, and checked when they come back.
struct Codes: Sendable {
    let store: CodeStore
    let emails: EmailStore
    /// `nil` where the operator has not said how mail is sent.
    let postbox: Postbox?
    let key: SymmetricKey
    let now: @Sendable () -> Date

    /// Sends a code to whoever may have one. Nobody can tell from the answer nor from its time whether the address is
    /// known: what is done is the same, and the mail goes out later.
    ///
    /// - Parameter user: who is signed in, which only a change of the address needs.
    /// - Throws: ``AuthError/mailOff``; ``RequestError/tooManyRequests(retryAfter:)``; ``RequestError/unauthenticated``.
    func send(_ purpose: CodeSubject.Purpose, to address: EmailAddress, for user: UserID?, source: String) async throws
    {
        guard let postbox else { throw AuthError.mailOff }
        let source = LoginLimits.source(of: source)
        if let end = try await self.store.request(address: address.key, source: source, now: self.now()) {
            throw RequestError.tooManyRequests(
                retryAfter: max(1, Int(end.timeIntervalSince(self.now()).rounded(.up))))
        }
        let owners = try await self.emails.owners(of: address)
        let isTaken = owners.first?.isVerified == true
        switch purpose {
        case .register:
            let code = try await self.make(for: .registration(of: address))
            postbox.send(isTaken ? .alreadyRegistered(to: address) : .registration(to: address, code: code))
        case .changeEmail:
            guard let user else { throw RequestError.unauthenticated }
            let code = try await self.make(for: .change(to: address, by: user))
            postbox.send(isTaken ? .alreadyRegistered(to: address) : .newAddress(to: address, code: code))
        case .resetPassword:
            if owners.isEmpty { _ = try await self.make(for: .reset(of: nil, at: address.key)) }
            for owner in owners {
                let code = try await self.make(for: .reset(of: owner.id, at: address.key))
                postbox.send(.reset(to: address, username: owner.username, code: code))
            }
        }
    }

    /// - Throws: ``AuthError/invalidCode``, whatever is wrong with it: another subject's, used, too old, guessed at too often.
    func check(_ code: String, for subject: CodeSubject) async throws -> ProvenCode {
        let hash = subject.hash(of: code.filter { !$0.isWhitespace }, key: self.key)
        let kept = try await self.store.guess(at: subject, now: self.now())
        guard let kept, Self.areEqual(kept, hash) else { throw AuthError.invalidCode }
        return ProvenCode(subject: subject, hash: hash)
    }

    private func make(for subject: CodeSubject) async throws -> String {
        let digits = String(Int.random(in: 0..<100_000_000))
        let code = String(repeating: "0", count: 8 - digits.count) + digits
        try await self.store.keep(subject.hash(of: code, key: self.key), for: subject, now: self.now())
        return code
    }

    /// In a time that does not depend on where they differ.
    private static func areEqual(_ one: Data, _ other: Data) -> Bool {
        one.count == other.count && zip(one, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
