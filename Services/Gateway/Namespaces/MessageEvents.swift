import ChatAPI
import Redis
import ServiceKit
import Sockets

/// What a person says: `sendMessage`, `typing`, `read`.
extension ChatNamespace {
    /// `sendMessage {chatroomId, clientId, message}` → `{id, seq, createdAt}`, only after commit.
    ///
    /// Messages of one socket to one chatroom are stored in the order in which they came.
    func sendMessage(_ event: SocketEvent, _ client: Client) throws {
        let message = try OutgoingMessage(event.members(), from: client.user, by: self.rules)
        guard !client.isMember(of: message.chatroom) else { return self.append(message, event) }
        self.tasks.start { [reference = client.reference] in
            do {
                try await self.confirm(message.sender, isIn: message.chatroom)
                _ = await reference.ask { $0.refreshSoon() }
                self.append(message, event)
            } catch {
                event.fail(error, logger: self.logger)
            }
        }
    }

    private func append(_ message: OutgoingMessage, _ event: SocketEvent) {
        self.history.append(message) { [logger, acknowledged] result in
            switch result {
            case .failure(let error): event.fail(error, logger: logger)
            case .success(.receipt(let text)):
                event.acknowledgement?.answer("[\(text)]")
                acknowledged.note(receipt: text)
            case .success(.refused(let text)): event.acknowledgement?.answer("[{\"error\":\(text)}]")
            }
        }
    }

    private struct Place: Decodable {
        var chatroomId: ChatroomID
        var seq: Seq
    }

    private struct Typing: Codable {
        var chatroomId: ChatroomID
        var userId: UserID?
    }

    /// `typing {chatroomId}` → `{}`: an ephemeral event to everybody in the chatroom, at most once in three seconds for
    /// each user and chatroom; what is more is acknowledged and goes no further, nor does anything of those who keep it to
    /// themselves.
    func typing(_ event: SocketEvent, _ client: Client) throws {
        let chatroom = try event.decode(Typing.self).chatroomId
        let user = client.user
        self.whenMember(client, of: chatroom, event) { [privacies, tasks] in
            event.answer(Nothing())
            if let privacy = privacies.privacy(of: user) {
                if privacy.typing { self.tellTyping(of: user, in: chatroom) }
            } else {
                // Has come just now.
                tasks.start {
                    guard (try? await privacies.privacies(of: [user]))?[user]?.typing == true else { return }
                    self.tellTyping(of: user, in: chatroom)
                }
            }
        }
    }

    private func tellTyping(of user: UserID, in chatroom: ChatroomID) {
        guard self.people.mayType(user, in: chatroom) else { return }
        let text = EventText.make("typing", Typing(chatroomId: chatroom, userId: user))
        self.redis.publish(BusChannel.chatroom(chatroom), BusEntry(seq: 0, event: text[...]).text)
    }

    /// `read {chatroomId, seq}` → `{}`, when History has it; it tells the others.
    func read(_ event: SocketEvent, _ client: Client) throws {
        let place = try event.decode(Place.self)
        guard place.seq >= 0 else { throw RequestError.invalid("seq", "is below 0") }
        let item = MoveCursors.Item(userId: client.user, chatroomId: place.chatroomId, seq: place.seq)
        self.whenMember(client, of: place.chatroomId, event) { [cursors, logger] in
            cursors.move(item) { result in
                switch result {
                case .success(.some): event.answer(Nothing())
                case .success(nil): event.fail(GatewayError.chatroomNotFound, logger: logger)
                case .failure(let error): event.fail(error, logger: logger)
                }
            }
        }
    }

    private func whenMember(
        _ client: Client, of chatroom: ChatroomID, _ event: SocketEvent, then body: @escaping @Sendable () -> Void
    ) {
        guard !client.isMember(of: chatroom) else { return body() }
        let user = client.user
        self.tasks.start {
            do {
                try await self.confirm(user, isIn: chatroom)
                body()
            } catch {
                event.fail(error, logger: self.logger)
            }
        }
    }
}
