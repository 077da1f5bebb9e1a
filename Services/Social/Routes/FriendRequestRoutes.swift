import ChatAPI
import Hummingbird
import ServiceKit

/// `/api/social/friend-requests`.
struct FriendRequestRoutes: Sendable {
    let requests: FriendRequestStore
    let profiles: ProfileClient
    let announcer: ChangeAnnouncer

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get(use: self.list)
            .post(use: self.create)
            .post(":id/agree", use: self.agree)
            .post(":id/reject", use: self.reject)
            .delete(":id", use: self.cancel)
    }

    /// `GET /friend-requests?limit=` → 200: the newest of both kinds, pending ones first.
    func list(request: Request, context: AuthenticatedContext) async throws -> FriendRequestLists {
        let limit = try request.query.limit()
        async let received = self.requests.received(by: context.user, limit: limit)
        async let sent = self.requests.sent(by: context.user, limit: limit)
        let records = try await (received: received, sent: sent)
        let profiles = try await self.profiles.profiles(records.received.map(\.from) + records.sent.map(\.to))
        return FriendRequestLists(
            received: records.received.compactMap { record in profiles[record.from].map(record.seen(with:)) },
            sent: records.sent.compactMap { record in profiles[record.to].map(record.seen(with:)) })
    }

    /// The person by one of the two.
    private struct Creation: Decodable {
        var username: String?
        var userId: UserID?
        var reason: String?
        /// The friend code of somebody who takes requests only with it.
        var code: String?
    }

    /// `POST /friend-requests` → 201 and the request that waits now; 200 and the other's, agreed, if they cross.
    ///
    /// - Throws: 400 to oneself; ``SocialError/userNotFound``, ``SocialError/alreadyFriends``,
    ///   ``SocialError/alreadyRequested``, ``SocialError/forbidden`` where there is a block;
    ///   ``SocialError/requestNotAllowed`` where the other takes none from the caller, whatever the reason; 429 over a
    ///   quota and in the cool-down after a rejection.
    func create(request: Request, context: AuthenticatedContext) async throws -> Answer<FriendRequest> {
        let body = try await request.decode(as: Creation.self, context: context)
        let reason = try (body.reason ?? "").checked("reason", 0...100)
        if let code = body.code, code.utf8.count > 64 { throw RequestError.invalid("code", "is too long") }
        let key = try request.idempotencyKey
        let other = try await self.profiles.profile(userId: body.userId, username: body.username)
        guard other.id != context.user else { throw RequestError.invalid("userId", "is yourself") }
        let judgement = try await self.profiles.judge(
            JudgeFriendRequest(from: context.user, to: other.id, code: body.code))
        let made = try await self.requests.request(
            from: context.user, to: other.id, reason: reason, judgement: judgement, key: key)
        self.announcer.announce(made.position)
        return Answer(made.value.seen(with: other), status: made.value.from == context.user ? .created : .ok)
    }

    /// `POST /friend-requests/:id/agree` → 200 and the request, agreed.
    ///
    /// - Throws: ``SocialError/friendRequestNotFound`` unless it was sent to the caller; ``SocialError/notPending``.
    func agree(request: Request, context: AuthenticatedContext) async throws -> Answer<FriendRequest> {
        let id = try context.parameters.require("id", as: FriendRequestID.self)
        return try await self.answer(try await self.requests.agree(id, by: context.user), to: context.user)
    }

    /// `POST /friend-requests/:id/reject` → 200 and the request, rejected; refusals as in ``agree(request:context:)``.
    func reject(request: Request, context: AuthenticatedContext) async throws -> Answer<FriendRequest> {
        let id = try context.parameters.require("id", as: FriendRequestID.self)
        return try await self.answer(try await self.requests.reject(id, by: context.user), to: context.user)
    }

    /// `DELETE /friend-requests/:id` → 204; refusals as in ``agree(request:context:)``, for the one who sent it.
    func cancel(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        let id = try context.parameters.require("id", as: FriendRequestID.self)
        self.announcer.announce(try await self.requests.cancel(id, by: context.user).position)
        return NoContent()
    }

    private func answer(
        _ settled: Committed<FriendRequestRecord>, to user: UserID
    ) async throws -> Answer<FriendRequest> {
        self.announcer.announce(settled.position)
        let record = settled.value
        return Answer(record.seen(with: try await self.profiles.profile(record.from == user ? record.to : record.from)))
    }
}

/// The answer of `GET /friend-requests`.
struct FriendRequestLists: ResponseCodable {
    var received: [FriendRequest]
    var sent: [FriendRequest]
}
