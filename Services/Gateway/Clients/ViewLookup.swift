import ChatAPI
import Foundation
import ServiceKit

/// What users may see of which chatrooms, asked of Social and History for many at once: a storm of thousands is some dozens
/// of calls.
struct ViewLookup: Sendable {
    /// One user's. `epoch`: of the logs.
    struct Views: Sendable {
        var epoch: UUID
        var chatrooms: [ChatroomView]
    }

    private let lookup: Lookup<UserID, Views>

    init(social: SocialClient, history: HistoryClient) {
        self.lookup = Lookup(name: "views", lanes: 2) { users in
            let answer = try await Self.views(of: users, social, history)
            let views = answer.users.map { ($0.id, Views(epoch: answer.epoch, chatrooms: $0.chatrooms)) }
            let nothing = Views(epoch: answer.epoch, chatrooms: [])
            return Dictionary(users.map { ($0, nothing) } + views) { _, known in known }
        }
    }

    /// Not older than what Social says now: what a call to Social has answered before holds here.
    func views(of user: UserID) async throws -> Views {
        guard let views = try await self.lookup.value(for: user) else {
            throw ServiceUnavailable(service: "history", reason: "a user was left out of its answer")
        }
        return views
    }

    private static func views(
        of users: [UserID], _ social: SocialClient, _ history: HistoryClient
    ) async throws -> LookupViews.Answer {
        async let seen = social.position(of: users)
        var answer = try await history.views(of: users)
        let position = try await seen
        while answer.position < position {
            try await history.catchUp(to: position)
            answer = try await history.views(of: users)
        }
        return answer
    }
}
