import ChatAPI
import HTTPTypes
import Hummingbird
import ServiceKit

/// Links into groups and who waits to be let in, under `/api/social`.
struct InviteRoutes: Sendable {
    let invites: InviteStore
    let chatrooms: ChatroomStore
    let profiles: ProfileClient
    let announcer: ChangeAnnouncer

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .post("chatrooms/:id/invites", use: self.create)
            .post("invites/:code", use: self.follow)
            .get("chatrooms/:id/join-requests", use: self.list)
            .post("chatrooms/:id/join-requests/:userId/approve", use: self.approve)
            .post("chatrooms/:id/join-requests/:userId/reject", use: self.reject)
    }

    /// `{expiresIn?, maxUses?}`, in seconds.
    private struct Creation: Decodable {
        var expiresIn: Int?
        var maxUses: Int?
    }

    struct Link: Codable, Sendable {
        var code: String
        var expiresAt: Timestamp
    }

    /// `POST /chatrooms/:id/invites` → 201 and the link's code, for any member.
    ///
    /// - Throws: ``SocialError/chatroomNotFound`` to strangers; ``SocialError/forbidden`` of a direct one;
    ///   ``SocialError/tooManyInvites``.
    func create(request: Request, context: AuthenticatedContext) async throws -> Answer<Link> {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let body = try await request.decode(as: Creation.self, context: context)
        let wish = try Invite(expiresIn: body.expiresIn, maxUses: body.maxUses, now: .now)
        let invite = try await self.invites.create(
            wish, for: id, by: context.user, key: try request.idempotencyKey)
        return Answer(Link(code: invite.code, expiresAt: invite.expiresAt), status: .created)
    }

    /// What one sees of a group that one waits for.
    struct Waiting: Codable, Sendable {
        var chatroomId: ChatroomID
        var status = "waiting"
    }

    /// `POST /invites/:code` → 200 and the group, whose member the caller is; 202 where somebody has to let them in.
    ///
    /// - Throws: ``SocialError/inviteNotFound`` (404), ``SocialError/chatroomFull`` (409).
    func follow(request: Request, context: AuthenticatedContext) async throws -> Response {
        let followed = try await self.invites.follow(
            try context.parameters.text("code"), by: context.user, key: try request.idempotencyKey)
        await self.announcer.settle(followed.position)
        switch followed.value {
        case .member(let id):
            let group = try await self.chatrooms.chatroom(id, for: context.user).seen(with: nil)
            return try Answer(group).response(from: request, context: context)
        case .waiting(let id):
            return try Answer(Waiting(chatroomId: id), status: .accepted).response(from: request, context: context)
        }
    }

    struct JoinRequestList: Codable, Sendable {
        var requests: [Item]
        var next: String?

        struct Item: Codable, Sendable {
            var user: Profile
            var invitedBy: UserID
            var createdAt: Timestamp
        }
    }

    /// `GET /chatrooms/:id/join-requests?limit=&cursor=` → 200, the longest waiting first.
    ///
    /// - Throws: ``SocialError/chatroomNotFound`` to strangers, ``SocialError/forbidden`` to plain members.
    func list(request: Request, context: AuthenticatedContext) async throws -> Answer<JoinRequestList> {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let query = try request.query
        let limit = try query.limit()
        let page = try await Page<JoinRequestList.Item, JoinRequestCursor>.read(
            after: try query.value("cursor"), limit: limit, chunk: limit + 1, cursorOf: \.cursor
        ) {
            try await self.invites.waiting(for: id, seenBy: context.user, after: $0, limit: $1)
        } present: { records in
            let profiles = try await self.profiles.profiles(records.map(\.user))
            return records.map { record in
                profiles[record.user].map {
                    JoinRequestList.Item(user: $0, invitedBy: record.invitedBy, createdAt: record.createdAt)
                }
            }
        }
        return Answer(JoinRequestList(requests: page.items, next: page.next?.description))
    }

    /// `POST /chatrooms/:id/join-requests/:userId/approve` → 204: they are a member.
    ///
    /// - Throws: as ``list(request:context:)``; ``SocialError/joinRequestNotFound``, ``SocialError/chatroomFull``.
    func approve(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        try await self.settle(context, letsIn: true)
    }

    /// `POST /chatrooms/:id/join-requests/:userId/reject` → 204; refusals as in ``approve(request:context:)``.
    func reject(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        try await self.settle(context, letsIn: false)
    }

    private func settle(_ context: AuthenticatedContext, letsIn: Bool) async throws -> NoContent {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let asker = try context.parameters.require("userId", as: UserID.self)
        let settled = try await self.invites.settle(asker, in: id, letsIn: letsIn, by: context.user)
        await self.announcer.settle(settled.position)
        return NoContent()
    }
}
