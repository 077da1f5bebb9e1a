import ChatAPI
import Foundation
import NIOCore
import NIOHTTP1
import PeopleSeed

/// One kind of load on Auth or Social.
protocol PeopleLoad: Sendable {
    /// As results name it.
    var name: String { get }
    /// What is due per second; 0: each asks again when it has its answer.
    var rate: Double { get }
    /// With ``rate`` 0: how many ask at once.
    var clients: Int { get }
    /// Asks one thing; throws where the answer is not as it must be.
    ///
    /// - Returns: what kind of question it was, and how much its answer held.
    func ask(_ number: Int, _ system: PeopleSystem, _ tokens: PeopleTokens) async throws -> (kind: String, items: Int)
}

extension PeopleLoad {
    var clients: Int { 32 }

    /// Asks what is due in the span, and counts what is due in its measured part.
    func run(_ system: PeopleSystem, during span: LoadSpan) async throws -> LoadCount {
        let tokens = try PeopleTokens(system.secret)
        return try await withThrowingTaskGroup(of: LoadCount.self) { group in
            if self.rate > 0 {
                var number = 0
                while case let due = span.due(number, perSecond: self.rate), due < span.end {
                    try await LoadSpan.pause(until: due)
                    group.addTask { [number] in await self.count(number, system, tokens, due: due, during: span) }
                    number += 1
                }
            } else {
                for client in 0..<self.clients {
                    group.addTask {
                        var count = LoadCount()
                        var number = client
                        try await LoadSpan.pause(until: span.start)
                        while case let now = NIODeadline.now().uptimeNanoseconds, now < span.end {
                            count.add(await self.count(number, system, tokens, due: now, during: span))
                            number += self.clients
                        }
                        return count
                    }
                }
            }
            var sum = LoadCount()
            for try await count in group { sum.add(count) }
            return sum
        }
    }

    private func count(
        _ number: Int, _ system: PeopleSystem, _ tokens: PeopleTokens, due: UInt64, during span: LoadSpan
    ) async -> LoadCount {
        var count = LoadCount()
        do {
            let (kind, items) = try await self.ask(number, system, tokens)
            count.answered(kind, due: due, at: NIODeadline.now().uptimeNanoseconds, items: items, during: span)
        } catch {
            count.failed(error)
        }
        return count
    }
}

/// An answer that is not what it must be.
struct WrongAnswer: Error, CustomStringConvertible {
    let description: String
}

// MARK: Auth

enum AuthLoads {
    static let password = "correct horse battery staple"

    /// A user for a number, over all of them.
    static func user(_ number: Int, of users: Int64) -> Int64 {
        var random = SplitMix(state: UInt64(number))
        return Int64.random(in: 1...users, using: &random)
    }

    struct Login: PeopleLoad {
        let name = "login"
        let users: Int64
        let rate: Double
        let clients: Int

        func ask(
            _ number: Int, _ system: PeopleSystem, _ tokens: PeopleTokens
        ) async throws -> (kind: String, items: Int) {
            let name = AuthSeed.username(of: AuthLoads.user(number, of: self.users))
            _ = try await system.call(
                .POST, system.public + "/api/auth/login",
                body: #"{"username":"\#(name)","password":"\#(AuthLoads.password)"}"#)
            return ("login", 1)
        }
    }

    struct Register: PeopleLoad {
        let name = "register"
        let rate: Double
        let clients: Int
        /// Other names in each run.
        private let run = String(UInt32.random(in: 0...UInt32.max), radix: 36)

        init(rate: Double, clients: Int) {
            self.rate = rate
            self.clients = clients
        }

        func ask(
            _ number: Int, _ system: PeopleSystem, _ tokens: PeopleTokens
        ) async throws -> (kind: String, items: Int) {
            _ = try await system.call(
                .POST, system.public + "/api/auth/register",
                body: #"{"username":"load-\#(self.run)-\#(number)","password":"\#(AuthLoads.password)"}"#)
            return ("register", 1)
        }
    }

    /// Gateways and services that have new tokens made, so many in a call.
    struct Renew: PeopleLoad {
        let name = "renew"
        let sessions: Int64
        let batch: Int
        let rate: Double

        func ask(
            _ number: Int, _ system: PeopleSystem, _ tokens: PeopleTokens
        ) async throws -> (kind: String, items: Int) {
            let old = try (0..<self.batch).map { place in
                let user = 1 + Int64(number * self.batch + place) % self.sessions
                guard let session = UUID(uuidString: AuthSeed.session(of: user)) else {
                    throw WrongAnswer(description: "no session")
                }
                return try tokens.token(of: user, session: session)
            }
            let list = old.map { "\"\($0)\"" }.joined(separator: ",")
            let answer = try await system.callInside("/internal/tokens/renew", body: #"{"tokens":[\#(list)]}"#)
            let renewed = try JSONDecoder().decode(RenewTokens.Answer.self, from: Data(answer.readableBytesView)).tokens
            guard renewed.count == self.batch, !renewed.contains(nil) else {
                throw WrongAnswer(description: "a token was not renewed")
            }
            return ("renew", self.batch)
        }
    }

    /// What else Auth is asked meanwhile: one's own account, the profiles of fifty, and people by a beginning.
    struct Other: PeopleLoad {
        let name = "other"
        let users: Int64
        let sessions: Int64
        let rate: Double

        func ask(
            _ number: Int, _ system: PeopleSystem, _ tokens: PeopleTokens
        ) async throws -> (kind: String, items: Int) {
            let user = 1 + Int64(number) % self.sessions
            guard let session = UUID(uuidString: AuthSeed.session(of: user)) else {
                throw WrongAnswer(description: "no session")
            }
            let token = try tokens.token(of: user, session: session)
            switch number % 3 {
            case 0:
                _ = try await system.call(.GET, system.public + "/api/auth/me", bearer: token)
                return ("me", 1)
            case 1:
                let ids = (0..<50).map { "\(AuthLoads.user(number * 50 + $0, of: self.users))" }.joined(separator: ",")
                _ = try await system.callInside("/internal/users/lookup", body: #"{"ids":[\#(ids)]}"#)
                return ("profiles", 50)
            default:
                let name = AuthSeed.username(of: AuthLoads.user(number, of: self.users))
                let answer = try await system.call(
                    .GET, system.public + "/api/auth/users?query=\(name.prefix(3 + number % 6))&limit=20", bearer: token
                )
                let found = answer.count(of: #""username":"#)
                guard found > 0 else { throw WrongAnswer(description: "nobody is found") }
                return ("search", found)
            }
        }
    }
}

// MARK: Social

enum SocialLoads {
    /// All pages of somebody's friends, with profiles and presence.
    struct Friends: PeopleLoad {
        let name = "friends"
        let sizes: PeopleSizes
        /// Whether it is only those with many.
        let popular: Bool
        let rate: Double

        func ask(
            _ number: Int, _ system: PeopleSystem, _ tokens: PeopleTokens
        ) async throws -> (kind: String, items: Int) {
            let user =
                self.popular
                ? 1 + Int64(number) % self.sizes.popular : AuthLoads.user(number, of: self.sizes.users)
            let token = try tokens.token(of: user)
            var found = 0
            var cursor: String? = ""
            while let at = cursor {
                let answer = try await system.call(
                    .GET, system.public + "/api/social/friends?limit=200" + (at.isEmpty ? "" : "&cursor=\(at)"),
                    bearer: token)
                let page = try JSONDecoder().decode(Page.self, from: Data(answer.readableBytesView))
                found += page.friends.count
                cursor = page.next
            }
            guard found >= self.sizes.friendsEach else { throw WrongAnswer(description: "\(found) friends") }
            return (self.popular ? "friends of popular" : "friends", found)
        }

        private struct Page: Decodable {
            struct Item: Decodable {}
            var friends: [Item]
            var next: String?
        }
    }

    /// Where so many users are, in one call, as Gateways ask when they come.
    struct Memberships: PeopleLoad {
        let name = "memberships"
        let sizes: PeopleSizes
        let batch: Int
        let rate: Double
        let clients: Int

        func ask(
            _ number: Int, _ system: PeopleSystem, _ tokens: PeopleTokens
        ) async throws -> (kind: String, items: Int) {
            let ids = (0..<self.batch).map { "\(1 + Int64(number * self.batch + $0) % self.sizes.users)" }
            let answer = try await system.callInside(
                "/internal/memberships", body: #"{"userIds":[\#(ids.joined(separator: ","))]}"#)
            // Once for each membership.
            let found = answer.count(of: #""role":"#)
            guard found >= self.batch * Int(self.sizes.groupsEach) else {
                throw WrongAnswer(description: "\(found) memberships")
            }
            return ("memberships", found)
        }
    }

    /// One's chatrooms, and who is in one of them.
    struct Chatrooms: PeopleLoad {
        let name = "chatrooms"
        let sizes: PeopleSizes
        let rate: Double

        func ask(
            _ number: Int, _ system: PeopleSystem, _ tokens: PeopleTokens
        ) async throws -> (kind: String, items: Int) {
            let user = AuthLoads.user(number, of: self.sizes.users)
            let token = try tokens.token(of: user)
            if number % 2 == 0 {
                let answer = try await system.call(
                    .GET, system.public + "/api/social/chatrooms?limit=50", bearer: token)
                return ("chatrooms", answer.count(of: #""memberCount":"#))
            }
            let group = self.sizes.directs + 1 + Int64(number) % self.sizes.groups
            let owner = 1 + (group - self.sizes.directs - 1) % self.sizes.users
            let answer = try await system.call(
                .GET, system.public + "/api/social/chatrooms/\(group)/members", bearer: try tokens.token(of: owner))
            return ("members", answer.count(of: #""joinedAt":"#))
        }
    }

    /// A group is made of three friends, renamed, one is made an admin, and one is removed.
    struct Groups: PeopleLoad {
        let name = "groups"
        let sizes: PeopleSizes
        let rate: Double
        let clients: Int

        private struct Made: Decodable {
            var id: Int64
        }

        func ask(
            _ number: Int, _ system: PeopleSystem, _ tokens: PeopleTokens
        ) async throws -> (kind: String, items: Int) {
            let owner = AuthLoads.user(number, of: self.sizes.users)
            let token = try tokens.token(of: owner)
            let friends = (1...3).map { self.sizes.friend(of: owner, Int64($0)) }
            let list = friends.map(String.init).joined(separator: ",")
            let url = system.public + "/api/social/chatrooms"
            let made = try await system.call(
                .POST, url, bearer: token, body: #"{"name":"Load \#(number)","memberIds":[\#(list)]}"#)
            let id = try JSONDecoder().decode(Made.self, from: Data(made.readableBytesView)).id
            _ = try await system.call(.PATCH, "\(url)/\(id)", bearer: token, body: #"{"name":"Tea"}"#)
            _ = try await system.call(
                .PATCH, "\(url)/\(id)/members/\(friends[0])", bearer: token, body: #"{"role":"admin"}"#)
            _ = try await system.call(.DELETE, "\(url)/\(id)/members/\(friends[2])", bearer: token)
            return ("group of four changes", 4)
        }
    }
}
