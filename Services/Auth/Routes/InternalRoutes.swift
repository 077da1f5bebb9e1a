import ChatAPI
import Foundation
import Hummingbird
import ServiceKit

/// What the other services ask, under `/internal`.
struct InternalRoutes: Sendable {
    let profiles: ProfileStore
    let privacies: PrivacyStore
    let changes: ChangeStore
    let tokens: SessionTokens
    let now: @Sendable () -> Date

    var routes: RouteCollection<InternalContext> {
        RouteCollection(context: InternalContext.self)
            .post("tokens/renew", use: self.renew)
            .post("users/lookup", use: self.lookup)
            .get("changes", use: self.list)
            .get("snapshot", use: self.snapshot)
            .add(middleware: AllowedCallers(.social))
            .get("deleted-users", use: self.listDeleted)
            .post("friend-requests/judge", use: self.judge)
    }

    /// Most items of a batch.
    private static let maxBatch = 10_000

    /// `POST /internal/tokens/renew` → 200, a new token for each or none.
    func renew(request: Request, context: InternalContext) async throws -> RenewTokens.Answer {
        let body = try await request.decode(as: RenewTokens.self, context: context)
        guard body.tokens.count <= Self.maxBatch else { throw RequestError.tooLarge }
        return RenewTokens.Answer(tokens: try await self.tokens.renew(body.tokens))
    }

    /// `POST /internal/users/lookup` → 200, the profiles of those that exist, and their privacy.
    func lookup(request: Request, context: InternalContext) async throws -> LookupUsers.Answer {
        let body = try await request.decode(as: LookupUsers.self, context: context)
        guard body.ids.count + (body.usernames?.count ?? 0) <= Self.maxBatch else { throw RequestError.tooLarge }
        return try await self.profiles.lookup(ids: body.ids, usernames: body.usernames ?? [])
    }

    /// `POST /internal/friend-requests/judge` → 200, what there is to say to somebody's wish to be another's friend.
    func judge(request: Request, context: InternalContext) async throws -> JudgeFriendRequest.Answer {
        try await self.privacies.judge(try await request.decode(as: JudgeFriendRequest.self, context: context))
    }

    /// `GET /internal/changes?after=&limit=` → 200, the feed's rows above a position.
    func list(request: Request, context: InternalContext) async throws -> Changes<AuthChange> {
        let query = try request.query
        let after = try query.require("after", as: Int64.self)
        return try await self.changes.changes(after: after, limit: try query.limit(default: 500, atMost: 1_000))
    }

    /// `GET /internal/snapshot` → 200, what a service must know before it may trust a token.
    func snapshot(request: Request, context: InternalContext) async throws -> AuthSnapshot {
        try await self.changes.snapshot(now: self.now())
    }

    /// `GET /internal/deleted-users?after=&limit=` → 200, the accounts that are gone, in the order of their ids.
    func listDeleted(request: Request, context: InternalContext) async throws -> DeletedUsers {
        let query = try request.query
        return try await self.changes.deletedUsers(
            after: try query.value("after") ?? 0, limit: try query.limit(default: 500, atMost: 1_000))
    }
}
