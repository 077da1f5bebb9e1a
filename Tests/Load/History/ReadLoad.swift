import ChatAPI
import Foundation
import LogSeed
import NIOCore
import NIOHTTP1
import ServiceKit

/// What people read of a seeded log, each question by one of them, at a rate.
struct ReadLoad: HistoryLoad {
    enum Kind: Sendable {
        /// Pages of a chatroom, from anywhere in its later half.
        case page(limit: Int)
        /// The chat list.
        case overview
        /// Two characters of Chinese and a word, alone and narrowed to a chatroom, a type and a time.
        case search(chinese: String, word: String)
    }

    let kind: Kind
    let log: LogSeed
    let rate: Double
    private var people: [Person] = []

    init(_ kind: Kind, _ log: LogSeed, rate: Double) {
        self.kind = kind
        self.log = log
        self.rate = rate
    }

    var name: String {
        switch self.kind {
        case .page: "page"
        case .overview: "overview"
        case .search: "search"
        }
    }

    mutating func prepare(_ system: HistoryUnderLoad) async throws {
        self.people = try Person.all(of: self.log, secret: system.secret)
    }

    func run(_ system: HistoryUnderLoad, during span: LoadSpan) async throws -> LoadCount {
        try await withThrowingTaskGroup(of: LoadCount.self) { group in
            var random = SplitMix(state: UInt64(bitPattern: self.log.seed))
            var number = 0
            while case let due = span.due(number, perSecond: self.rate), due < span.end {
                guard let person = self.people.randomElement(using: &random) else { break }
                let question = self.question(number, by: person, using: &random)
                let url = system.instances[number % system.instances.count].public + "/api/history" + question.path
                try await LoadSpan.pause(until: due)
                group.addTask {
                    var count = LoadCount()
                    do {
                        let answer = try await system.caller.call(.GET, url, bearer: person.token)
                        count.answered(
                            question.kind, due: due, at: NIODeadline.now().uptimeNanoseconds,
                            items: answer.count(of: question.item), during: span)
                    } catch {
                        count.failed(error)
                    }
                    return count
                }
                number += 1
            }
            var sum = LoadCount()
            for try await count in group { sum.add(count) }
            return sum
        }
    }

    private struct Question: Sendable {
        let kind: String
        let path: String
        /// Stands once in the answer for each thing that was asked for.
        let item: StaticString
    }

    private func question(_ number: Int, by person: Person, using random: inout SplitMix) -> Question {
        let chatroom = person.chatrooms[Int.random(in: 0..<person.chatrooms.count, using: &random)]
        switch self.kind {
        case .page(let limit):
            let before = Int64.random(in: self.log.head / 2...self.log.head + 1, using: &random)
            return Question(
                kind: "page", path: "/chatrooms/\(chatroom)/messages?before=\(before)&limit=\(limit)",
                item: #""clientId":"#)
        case .overview:
            return Question(kind: "overview", path: "/chatrooms?limit=50", item: #""unread":"#)
        case .search(let chinese, let word):
            let text = number % 2 == 0 ? chinese : word
            var path = "/search?query=\(text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
            let isNarrowed = number % 4 > 1
            if isNarrowed {
                path += "&chatroomId=\(chatroom)&type=text"
                path += "&after=2025-03-01T00:00:00.000Z&before=2025-12-01T00:00:00.000Z"
            }
            return Question(kind: isNarrowed ? "\(text), filtered" : text, path: path, item: #""clientId":"#)
        }
    }
}

/// Somebody of a seeded log.
struct Person: Sendable {
    let token: String
    let chatrooms: [Int64]

    /// Ten thousand of them at most, over all of the log.
    static func all(of log: LogSeed, secret: Secret) throws -> [Person] {
        let signer = try secret.signer
        let now = Timestamp.now
        let expiresAt = Timestamp(milliseconds: now.milliseconds + 86_400_000)
        return try stride(from: 0, to: log.users, by: Int(max(1, log.users / 10_000))).map { number in
            let claims = TokenClaims(
                user: UserID(log.user(number)), session: UUID(), issuedAt: now, expiresAt: expiresAt)
            return Person(token: try signer.sign(claims), chatrooms: log.chatrooms(of: number))
        }
    }
}

/// The same numbers for the same seed (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
