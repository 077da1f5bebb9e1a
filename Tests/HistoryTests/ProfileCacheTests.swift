import ChatAPI
import Foundation
import ServiceKit
import TestServers
import Testing

@testable import History

struct ProfileCacheTests {
    private func entry(_ sender: UserID) -> Entry {
        let stored = StoredMessage(MessageBody(type: .text, content: "a"), media: nil)
        return Entry(
            chatroom: .lobby, seq: 1, ordinal: 1, content: .message(stored, sender: sender, clientId: UUID()),
            createdAt: .now)
    }

    private func with(_ body: @Sendable (ProfileCache, OtherServices) async throws -> Void) async throws {
        let others = OtherServices()
        try await others.run { url in
            let auth = ServiceClient(service: "auth", urls: [url], key: "key", logger: .tests)
            try await body(ProfileCache(auth: auth, patience: .seconds(10), logger: .tests), others)
        }
    }

    @Test func `a sender is asked for once`() async throws {
        try await self.with { profiles, others in
            others.name(.alice, "Alice")
            others.name(.bob, "Bob")
            for _ in 0..<3 {
                let senders = await profiles.senders(of: [self.entry(.alice), self.entry(.bob), self.entry(.alice)])
                #expect(senders.mapValues(\.nickname) == [.alice: "Alice", .bob: "Bob"])
            }
            #expect(others.lookups.flatMap(\.self).sorted() == [.alice, .bob])
        }
    }

    @Test func `Auth's feed keeps a known sender true`() async throws {
        try await self.with { profiles, others in
            others.name(.alice, "Alice")
            _ = await profiles.senders(of: [self.entry(.alice)])
            profiles.apply(Profile(id: .alice, username: "alice", nickname: "Alicia"), at: 2)
            profiles.apply(Profile(id: .alice, username: "alice", nickname: "Al"), at: 1)
            #expect(await profiles.senders(of: [self.entry(.alice)])[.alice]?.nickname == "Alicia")
        }
    }

    @Test func `an answer that is older than what the feed has told does not replace it`() async throws {
        try await self.with { profiles, others in
            // The stand-in answers as of position 0.
            others.name(.alice, "Alice")
            profiles.apply(Profile(id: .alice, username: "alice", nickname: "Alicia"), at: 1)
            #expect(await profiles.senders(of: [self.entry(.alice)])[.alice]?.nickname == "Alicia")
        }
    }

    @Test func `after the feed starts anew profiles are asked for again`() async throws {
        try await self.with { profiles, others in
            others.name(.alice, "Alice")
            _ = await profiles.senders(of: [self.entry(.alice)])
            others.name(.alice, "Alicia")
            profiles.clear()
            #expect(await profiles.senders(of: [self.entry(.alice)])[.alice]?.nickname == "Alicia")
        }
    }

    @Test func `who does not exist, and everybody while Auth is away, has no profile`() async throws {
        try await self.with { profiles, _ in
            #expect(await profiles.senders(of: [self.entry(.mallory)]) == [:])
        }
        let nowhere = ServiceClient(service: "auth", urls: ["http://127.0.0.1:1"], key: "key", logger: .tests)
        #expect(await ProfileCache(auth: nowhere, logger: .tests).senders(of: [self.entry(.alice)]) == [:])
    }
}
