import ChatAPI
import HTTPTypes
import ServiceKit

/// Who people are: asks Auth, many at once, and remembers the answers for as long as Auth's feed says nothing else.
struct ProfileClient: Sendable {
    private let known: ProfileCache
    private let auth: ServiceClient
    private let lookup: Lookup<Name, Person>

    private enum Name: Hashable {
        case id(UserID)
        /// In lower case: names differ only by more than case.
        case username(String)
    }

    init(auth: ServiceClient, known: ProfileCache) {
        self.known = known
        self.auth = auth
        self.lookup = Lookup(name: "profiles", maxBatch: 1_000) { names in
            let generation = known.generation
            var asked = LookupUsers(ids: [], usernames: nil)
            for name in names {
                switch name {
                case .id(let id): asked.ids.append(id)
                case .username(let name): asked.usernames = (asked.usernames ?? []) + [name]
                }
            }
            let answer: LookupUsers.Answer = try await auth.call(.post, "/internal/users/lookup", asked)
            let privacy = Dictionary(answer.privacy.map { ($0.user, $0.privacy) }) { first, _ in first }
            let people = answer.users.map { Person(profile: $0, privacy: privacy[$0.id] ?? .usual) }
            known.note(people, at: answer.position, since: generation)
            var found: [Name: Person] = [:]
            for person in people {
                found[.id(person.profile.id)] = person
                found[.username(person.profile.username.lowercased())] = person
            }
            return found
        }
    }

    /// Who those are of `ids` who exist, and what they let be seen.
    ///
    /// - Throws: ``ServiceUnavailable`` where Auth must be asked and does not answer.
    func people(_ ids: [UserID]) async throws -> [UserID: Person] {
        try await self.found(ids, known: self.known.person) { $0 }
    }

    /// The profiles of those who exist.
    ///
    /// - Throws: ``ServiceUnavailable`` where Auth must be asked and does not answer.
    func profiles(_ ids: [UserID]) async throws -> [UserID: Profile] {
        try await self.found(ids, known: self.known.profile) { $0.profile }
    }

    private func found<Value: Sendable>(
        _ ids: [UserID], known: (UserID) -> Value?, _ value: (Person) -> Value
    ) async throws -> [UserID: Value] {
        var found: [UserID: Value] = [:]
        var unknown: Set<UserID> = []
        for id in ids {
            if let value = known(id) { found[id] = value } else { unknown.insert(id) }
        }
        guard !unknown.isEmpty else { return found }
        // They all go in the one or two next calls.
        try await withThrowingTaskGroup(of: Person?.self) { group in
            for id in unknown { group.addTask { try await self.lookup.value(for: .id(id)) } }
            for try await person in group {
                if let person { found[person.profile.id] = value(person) }
            }
        }
        return found
    }

    /// What Auth has to say to somebody's wish to be another's friend, as of now.
    func judge(_ wish: JudgeFriendRequest) async throws -> JudgeFriendRequest.Answer {
        try await self.auth.call(.post, "/internal/friend-requests/judge", wish)
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
        guard let person = try await self.lookup.value(for: .username(username.lowercased())) else {
            throw SocialError.userNotFound
        }
        return person.profile
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
