import ChatAPI
import HTTPTypes
import ServiceKit

/// Who people are: asks Auth, many at once, and remembers the answers for as long as Auth's feed says nothing else.
struct ProfileClient: Sendable {
    private let known: ProfileCache
    private let lookup: Lookup<Person, Profile>

    private enum Person: Hashable {
        case id(UserID)
        /// In lower case: names differ only by more than case.
        case username(String)
    }

    init(auth: ServiceClient, known: ProfileCache) {
        self.known = known
        self.lookup = Lookup(name: "profiles", maxBatch: 500) { people in
            let generation = known.generation
            var asked = LookupUsers(ids: [], usernames: nil)
            for person in people {
                switch person {
                case .id(let id): asked.ids.append(id)
                case .username(let name): asked.usernames = (asked.usernames ?? []) + [name]
                }
            }
            let answer: LookupUsers.Answer = try await auth.call(.post, "/internal/users/lookup", asked)
            known.note(answer.users, at: answer.position, since: generation)
            var found: [Person: Profile] = [:]
            for profile in answer.users {
                found[.id(profile.id)] = profile
                found[.username(profile.username.lowercased())] = profile
            }
            return found
        }
    }

    /// The profiles of those who exist.
    ///
    /// - Throws: ``ServiceUnavailable`` where Auth must be asked and does not answer.
    func profiles(_ ids: [UserID]) async throws -> [UserID: Profile] {
        var profiles: [UserID: Profile] = [:]
        var unknown: Set<UserID> = []
        for id in ids {
            if let profile = self.known.profile(id) { profiles[id] = profile } else { unknown.insert(id) }
        }
        guard !unknown.isEmpty else { return profiles }
        // They all go in the one or two next calls.
        try await withThrowingTaskGroup(of: Profile?.self) { group in
            for id in unknown { group.addTask { try await self.lookup.value(for: .id(id)) } }
            for try await profile in group {
                if let profile { profiles[profile.id] = profile }
            }
        }
        return profiles
    }

    /// - Throws: ``SocialError/userNotFound``.
    func profile(_ id: UserID) async throws -> Profile {
        guard let profile = try await self.profiles([id])[id] else { throw SocialError.userNotFound }
        return profile
    }

    /// - Throws: ``SocialError/userNotFound``; 400 for what can be nobody's name.
    func profile(username: String) async throws -> Profile {
        let allowed = username.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard allowed, (3...32).contains(username.utf8.count) else {
            throw RequestError.invalid("username", "must have 3 to 32 of A-Z, a-z, 0-9, _, . and -")
        }
        guard let profile = try await self.lookup.value(for: .username(username.lowercased())) else {
            throw SocialError.userNotFound
        }
        return profile
    }

    /// The person who is named in one of the two ways.
    ///
    /// - Throws: ``SocialError/userNotFound``; 400 where both or none are given.
    func profile(userId: UserID?, username: String?) async throws -> Profile {
        switch (userId, username) {
        case (let id?, nil): try await self.profile(id)
        case (nil, let username?): try await self.profile(username: username)
        default: throw RequestError.invalid("userId", "must be given, or else username")
        }
    }
}
