import ChatAPI
import IOThread
import Logging
import ServiceKit
import Sockets

/// Makes of Social's change feed what concerns the sockets of this node: rooms entered and left, and the events
/// `chatroom`, `friendRequest`, `friend` to the people named.
struct SocialEvents: Sendable {
    let people: People
    let delivery: Delivery
    let presence: Presence
    let auth: AuthClient
    let tasks: BackgroundTasks
    let logger: Logger

    /// What a client needs to know to fetch the chatroom, or to forget it.
    private struct ChatroomEvent: Encodable {
        enum Kind: String, Encodable { case added, updated, removed }
        struct Chatroom: Encodable {
            var id: ChatroomID
            var type: ChatroomType?
            var name: String?
            /// Of the one who is told.
            var role: Role?
            var mutedUntil: Timestamp?
            var canSend: Bool?
            var settings: ChatroomSettings?
        }

        var kind: Kind
        var chatroom: Chatroom

        init(_ kind: Kind, _ id: ChatroomID, type: ChatroomType? = nil, name: String? = nil) {
            self.kind = kind
            self.chatroom = Chatroom(id: id, type: type, name: name)
        }
    }

    private struct FriendEvent: Encodable {
        enum Kind: String, Encodable { case added, removed }
        var kind: Kind
        var user: Profile
    }

    func apply(_ change: SocialChange) {
        switch change {
        case .directCreated(let chatroom, let members):
            for user in members { self.membershipsChanged(of: user, ChatroomEvent(.added, chatroom, type: .direct)) }
        case .groupCreated(let chatroom, let name, let owner):
            self.membershipsChanged(of: owner, ChatroomEvent(.added, chatroom, type: .group, name: name))
        case .memberAdded(let chatroom, let user, _, _, _):
            self.membershipsChanged(of: user, ChatroomEvent(.added, chatroom, type: .group))
        case .memberRemoved(let chatroom, let user, _):
            self.membershipsChanged(of: user, ChatroomEvent(.removed, chatroom))
        case .memberUpdated(let chatroom, let membership, let user):
            var event = ChatroomEvent(.updated, chatroom)
            event.chatroom.role = membership.role
            event.chatroom.mutedUntil = membership.mutedUntil
            event.chatroom.canSend = membership.canSend
            self.tell(user, EventText.make("chatroom", event))
        case .settingsChanged(let chatroom, let user, let settings):
            var event = ChatroomEvent(.updated, chatroom)
            event.chatroom.settings = settings
            self.tell(user, EventText.make("chatroom", event))
        case .chatroomUpdated(let chatroom, let name, _):
            self.delivery.tellMembers(of: chatroom, "chatroom", ChatroomEvent(.updated, chatroom, name: name))
        case .chatroomDissolved(let chatroom, _):
            self.delivery.tellMembers(of: chatroom, "chatroom", ChatroomEvent(.removed, chatroom), refreshing: true)
        case .friendRequest(let id, let from, let to, let reason, let status, let createdAt):
            for (user, other) in [(from, to), (to, from)] {
                self.tell(user, about: other) { profile in
                    let request = FriendRequest(
                        id: id, user: profile, reason: reason, status: status, createdAt: createdAt)
                    return EventText.make("friendRequest", request)
                }
            }
        case .friendAdded(let a, let b): self.friend(.added, a, b)
        case .friendRemoved(let a, let b): self.friend(.removed, a, b)
        case .sightChanged(let a, let b, let canSee): self.presence.sightChanged(a, b, canSee: canSee)
        }
    }

    /// A snapshot was loaded, so rows may have been missed: everybody's rooms are looked at.
    func restarted() { self.people.everyone?.onEachClient { $0.refreshSoon() } }

    private func membershipsChanged(of user: UserID, _ event: ChatroomEvent) {
        self.tell(user, EventText.make("chatroom", event))
        // Asks Social and History, in that order: what Social has committed is then in the views.
        self.people.room(of: user)?.onEachClient { $0.refreshSoon() }
    }

    private func friend(_ kind: FriendEvent.Kind, _ a: UserID, _ b: UserID) {
        for (user, other) in [(a, b), (b, a)] {
            self.tell(user, about: other) { EventText.make("friend", FriendEvent(kind: kind, user: $0)) }
        }
    }

    private func tell(_ user: UserID, _ text: String) {
        guard let room = self.people.room(of: user), let event = EncodedEvent(text) else { return }
        room.broadcast(event)
    }

    /// Tells a user something that bears another's profile, if they have a socket here.
    private func tell(_ user: UserID, about other: UserID, _ make: @escaping @Sendable (Profile) -> String) {
        guard self.people.room(of: user) != nil else { return }
        self.tasks.start {
            do {
                guard let profile = try await self.auth.profile(of: other) else { return }
                self.tell(user, make(profile))
            } catch {
                // A client fetches its lists anew after each `ready`.
                self.logger.warning("an event was not sent", metadata: ["error": "\(error)"])
            }
        }
    }
}

extension Delivery {
    /// To all who are in a chatroom on this node; `refreshing`: their memberships have changed.
    func tellMembers(
        of chatroom: ChatroomID, _ name: String, _ payload: some Encodable, refreshing: Bool = false
    ) {
        guard let event = EncodedEvent(EventText.make(name, payload)) else { return }
        IOThread.shared.execute {
            guard let room = self.state.value.chatrooms[chatroom]?.room else { return }
            room.broadcast(event)
            if refreshing { room.onEachClient { $0.refreshSoon() } }
        }
    }
}
