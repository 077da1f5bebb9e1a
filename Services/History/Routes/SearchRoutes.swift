import ChatAPI
import Foundation
import Hummingbird
import ServiceKit

/// Looking for messages.
struct SearchRoutes: Sendable {
    let search: SearchStore
    let profiles: ProfileCache

    /// Under `/api/history/search`.
    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self).get(use: self.find)
    }

    /// `GET /search?query=&chatroomId=&from=&type=&before=&after=&cursor=` → the messages that say it, the newest first.
    /// `before` and `after` are times; a chatroom the caller is not in has nothing to find.
    func find(request: Request, context: AuthenticatedContext) async throws -> FoundMessages {
        let query = try request.query
        let limit = try query.limit()
        let entries = try await self.search.messages(
            matching: try SearchQuery(query: query), for: context.user, after: try query.value("cursor"), limit: limit)
        let senders = await self.profiles.senders(of: entries)
        return FoundMessages(
            messages: entries.compactMap { $0.message(senders: senders) },
            next: entries.count == limit ? entries.last.map { SearchCursor($0).description } : nil)
    }
}

struct FoundMessages: ResponseEncodable {
    let messages: [Message]
    let next: String?
}
