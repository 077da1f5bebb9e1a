import ChatAPI
import Testing

@testable import Auth

struct ProfileStoreTests {
    @Test func `a search finds beginnings of usernames and nicknames in any case, exact ones first`() async throws {
        try await withStores { stores in
            try await stores.register("Anna_B", nickname: "Zoë")
            try await stores.register("anna", nickname: "Anna Karenina")
            try await stores.register("carol", nickname: "ANNABEL")
            try await stores.register("dave", nickname: "李安娜")
            try await stores.register("joanna", nickname: "jo")
            func search(_ prefix: String, limit: Int = 50) async throws -> [String] {
                try await stores.profiles.search(prefix, limit: limit).map(\.username)
            }
            #expect(try await search("ANNA") == ["anna", "Anna_B", "carol"])
            #expect(try await search("anna", limit: 2) == ["anna", "Anna_B"])
            #expect(try await search("zoë") == ["Anna_B"])
            #expect(try await search("ZOË") == ["Anna_B"])
            #expect(try await search("李") == ["dave"])
            #expect(try await search("karenina") == [])
        }
    }

    @Test func `every character of a search is meant literally`() async throws {
        try await withStores { stores in
            try await stores.register("anna", nickname: "anna")
            for prefix in ["%", "_", "a%", "\\", "'", "anna'--"] {
                #expect(try await stores.profiles.search(prefix, limit: 50).isEmpty, "\(prefix)")
            }
        }
    }

    @Test func `a lookup finds by id and by name, leaves out who does not exist, and tells the feed's position`()
        async throws
    {
        try await withStores { stores in
            let alice = try await stores.register("Alice").account
            let bob = try await stores.register("bob").account
            let found = try await stores.profiles.lookup(ids: [bob.id, UserID(999)], usernames: ["aLICE", "nobody"])
            #expect(Set(found.users) == [alice.profile, bob.profile])
            #expect(found.position == 2)
            let none = try await stores.profiles.lookup(ids: [])
            #expect(none.users.isEmpty)
            #expect(none.position == 2)
        }
    }
}
