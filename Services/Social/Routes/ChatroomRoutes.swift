import ChatAPI
import Hummingbird
import ServiceKit

/// `/api/social/chatrooms`: one's chatrooms. What one is not a member of does not exist.
struct ChatroomRoutes: Sendable {
    let chatrooms: ChatroomStore
    let members: MemberStore
    let acquaintances: Acquaintances
    let profiles: ProfileClient
    let announcer: ChangeAnnouncer

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get(use: self.list)
            .post(use: self.create)
            .put("direct/:userId", use: self.direct)
            .get(":id", use: self.get)
            .patch(":id", use: self.update)
            .delete(":id", use: self.dissolve)
            .put(":id/owner", use: self.transfer)
            .patch(":id/settings", use: self.setSettings)
    }

    /// `GET /chatrooms?query=&limit=&cursor=` → 200, in the order of their ids; `query` is found in the name, and of a
    /// direct one in the peer's names.
    func list(request: Request, context: AuthenticatedContext) async throws -> ChatroomList {
        let query = try request.query
        let limit = try query.limit()
        let search = query.search
        let page = try await Page<Chatroom, ChatroomID>.read(
            after: try query.value("cursor"), limit: limit, chunk: search == nil ? limit + 1 : 200, cursorOf: \.id
        ) {
            try await self.chatrooms.chatrooms(of: context.user, after: $0, limit: $1)
        } present: { records in
            let profiles = try await self.profiles.profiles(records.compactMap(\.peer))
            return records.map { record in
                let chatroom = record.seen(with: record.peer.flatMap { profiles[$0] })
                guard let search else { return chatroom }
                return chatroom.name.matches(search) || chatroom.peer?.matches(search) == true ? chatroom : nil
            }
        }
        return ChatroomList(chatrooms: page.items, next: page.next?.description)
    }

    /// `{name, memberIds?}`.
    private struct Creation: Decodable {
        var name: String
        var memberIds: [UserID]?
    }

    /// `POST /chatrooms` → 201 and the group, whose owner the caller is.
    ///
    /// - Throws: ``SocialError/friendNotFound`` where one of the members is no friend of the caller;
    ///   ``SocialError/forbidden`` where there is a block between the two; ``SocialError/chatroomFull``.
    func create(request: Request, context: AuthenticatedContext) async throws -> Answer<Chatroom> {
        let body = try await request.decode(as: Creation.self, context: context)
        let name = try body.name.checkedName("name")
        let key = try request.idempotencyKey
        let members = Set(body.memberIds ?? []).subtracting([context.user]).sorted()
        guard members.count < self.chatrooms.maxMembers else { throw SocialError.chatroomFull }
        try await self.acquaintances.checkMayAdd(members, by: context.user)
        let made = try await self.chatrooms.create(name: name, owner: context.user, members: members, key: key)
        await self.announcer.settle(made.position)
        return Answer(made.value.seen(with: nil), status: .created)
    }

    /// `PUT /chatrooms/direct/:userId` → 200 and the one direct chatroom with that friend.
    ///
    /// - Throws: 400 for oneself; ``SocialError/friendNotFound``; ``SocialError/forbidden`` where there is none yet and
    ///   one of the two has blocked the other.
    func direct(request: Request, context: AuthenticatedContext) async throws -> Answer<Chatroom> {
        let friend = try context.parameters.require("userId", as: UserID.self)
        guard friend != context.user else { throw RequestError.invalid("userId", "is yourself") }
        let made = try await self.chatrooms.direct(of: context.user, with: friend)
        await self.announcer.settle(made.position)
        return Answer(try await self.seen(made.value))
    }

    /// `GET /chatrooms/:id` → 200.
    ///
    /// - Throws: ``SocialError/chatroomNotFound`` to strangers.
    func get(request: Request, context: AuthenticatedContext) async throws -> Answer<Chatroom> {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        return Answer(try await self.seen(try await self.chatrooms.chatroom(id, for: context.user)))
    }

    /// `{name?, announcement?, avatar?, historyForNewMembers?, joinApproval?}`.
    private struct Update: Decodable {
        var name: String?
        var announcement: String?
        var avatar: Nullable<String>?
        var historyForNewMembers: Bool?
        var joinApproval: Bool?

        func checked() throws(RequestError) -> ChatroomUpdate {
            let avatar: String?? = self.avatar.map(\.value)
            if let address = avatar ?? nil {
                guard address.hasPrefix("/api/media/files/"), address.utf8.count <= 1000 else {
                    throw .invalid("avatar", "must be the address of an uploaded file")
                }
            }
            return ChatroomUpdate(
                name: try self.name?.checkedName("name"),
                announcement: try self.announcement?.checked("announcement", 0...1000),
                avatar: avatar, historyForNewMembers: self.historyForNewMembers, joinApproval: self.joinApproval)
        }
    }

    /// `PATCH /chatrooms/:id` → 200 and the group as it is now.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``; ``SocialError/forbidden`` to plain members and of a direct one.
    func update(request: Request, context: AuthenticatedContext) async throws -> Answer<Chatroom> {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let update = try await request.decode(as: Update.self, context: context).checked()
        let changed = try await self.chatrooms.update(id, with: update, by: context.user)
        await self.announcer.settle(changed.position)
        return Answer(changed.value.seen(with: nil))
    }

    /// `DELETE /chatrooms/:id` → 204: the group is no more.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``; ``SocialError/forbidden`` to all but the owner.
    func dissolve(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let dissolved = try await self.chatrooms.dissolve(id, by: context.user)
        await self.announcer.settle(dissolved.position)
        return NoContent()
    }

    /// `{userId}`.
    private struct Transfer: Decodable {
        var userId: UserID
    }

    /// `PUT /chatrooms/:id/owner` → 200 and the group, of which the caller is an admin now.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/memberNotFound``; ``SocialError/forbidden`` to all but
    ///   the owner.
    func transfer(request: Request, context: AuthenticatedContext) async throws -> Answer<Chatroom> {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let body = try await request.decode(as: Transfer.self, context: context)
        let transferred = try await self.members.transfer(id, to: body.userId, by: context.user)
        await self.announcer.settle(transferred.position)
        return Answer(try await self.seen(try await self.chatrooms.chatroom(id, for: context.user)))
    }

    /// `PATCH /chatrooms/:id/settings` → 200 and the caller's settings as they are now.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``.
    func setSettings(request: Request, context: AuthenticatedContext) async throws -> Answer<ChatroomSettings> {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let body = try await request.decode(as: SettingsUpdate.self, context: context)
        let kept = try await self.chatrooms.setSettings(body, of: id, for: context.user)
        self.announcer.announce(kept.position)
        return Answer(kept.value)
    }

    private func seen(_ record: ChatroomRecord) async throws -> Chatroom {
        guard let peer = record.peer else { return record.seen(with: nil) }
        return record.seen(with: try await self.profiles.profiles([peer])[peer])
    }
}

/// The answer of `GET /chatrooms`.
struct ChatroomList: ResponseCodable {
    var chatrooms: [Chatroom]
    var next: String?
}
