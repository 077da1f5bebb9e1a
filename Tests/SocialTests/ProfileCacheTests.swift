import ChatAPI
import Testing

@testable import Social

struct ProfileCacheTests {
    let cache = ProfileCache(capacity: 10)

    static func profile(_ id: Int64, _ nickname: String = "") -> Profile {
        Profile(id: UserID(id), username: "user\(id)", nickname: nickname)
    }

    static func person(_ profile: Profile) -> Person { Person(profile: profile, privacy: .usual) }

    @Test func `an answer that was on its way while a change came does not bring the old back`() {
        let asked = self.cache.generation
        self.cache.note(Self.profile(1, "new"), at: 8)
        self.cache.note([Self.person(Self.profile(1, "old"))], at: 7, since: asked)
        #expect(self.cache.profile(UserID(1))?.nickname == "new")
    }

    @Test func `a row of the feed that the answer had seen does not bring the old back`() {
        self.cache.note([Self.person(Self.profile(1, "new"))], at: 9, since: self.cache.generation)
        self.cache.note(Self.profile(1, "old"), at: 8)
        #expect(self.cache.profile(UserID(1))?.nickname == "new")
    }

    @Test func `a later change replaces what was known`() {
        self.cache.note([Self.person(Self.profile(1, "old"))], at: 7, since: self.cache.generation)
        self.cache.note(Self.profile(1, "new"), at: 8)
        #expect(self.cache.profile(UserID(1))?.nickname == "new")
    }

    @Test func `after a restart of the feed nothing is known, and older answers are not noted`() {
        let asked = self.cache.generation
        self.cache.note(Self.profile(1), at: 900)
        self.cache.forget()
        self.cache.note([Self.person(Self.profile(2))], at: 901, since: asked)
        #expect(self.cache.profile(UserID(1)) == nil)
        #expect(self.cache.profile(UserID(2)) == nil)
        self.cache.note([Self.person(Self.profile(1, "of the new epoch"))], at: 3, since: self.cache.generation)
        #expect(self.cache.profile(UserID(1))?.nickname == "of the new epoch")
    }

    @Test func `it stays within its bound and keeps who is asked for`() {
        for id in 1...Int64(1000) {
            self.cache.note(Self.profile(id), at: id)
            #expect(self.cache.profile(UserID(1)) != nil)
        }
        let kept = (1...Int64(1000)).filter { self.cache.profile(UserID($0)) != nil }
        #expect(kept.count <= 10)
    }

    @Test func `somebody is known once both halves are, each as new as it was told`() {
        let hidden = Privacy(presence: .nobody)
        self.cache.note(UserPrivacy(user: UserID(1), privacy: hidden), at: 9)
        #expect(self.cache.person(UserID(1)) == nil)
        self.cache.note([Self.person(Self.profile(1, "old"))], at: 7, since: self.cache.generation)
        #expect(self.cache.person(UserID(1)) == Person(profile: Self.profile(1, "old"), privacy: hidden))
        self.cache.note(Self.profile(1, "new"), at: 10)
        #expect(self.cache.person(UserID(1)) == Person(profile: Self.profile(1, "new"), privacy: hidden))
    }
}
