import ChatAPI
import ServiceKit
import Sockets

/// Which chatrooms a socket hears, and from where: `joinRoom`, `leaveRoom`, `sync`. All of them are flows.
extension ChatNamespace {
    private struct JoinRoom: Decodable {
        var chatroomId: ChatroomID
        var after: Seq?
    }

    private struct Joined: Encodable {
        var chatroomId: ChatroomID
        var head: Seq
        var more: Bool
    }

    /// `joinRoom {chatroomId, after?}` → `{chatroomId, head, more}`, after the entries above `after`. With `more` there are
    /// too many of them: none is replayed, and the client reads pages.
    func joinRoom(_ event: SocketEvent, _ client: Client) throws {
        let wish = try event.decode(JoinRoom.self)
        let (reference, user) = (client.reference, client.user)
        client.flow {
            do {
                let plan = try await self.entrance.rejoin(
                    reference, user, [wish.chatroomId],
                    cursors: wish.after.map { [wish.chatroomId: $0] } ?? [:])
                guard let plan else { return }
                guard let chatroom = plan.chatrooms.first else {
                    _ = await reference.ask { client in
                        client.leave(wish.chatroomId)
                        client.wish(for: wish.chatroomId)
                    }
                    throw GatewayError.chatroomNotFound
                }
                event.answer(Joined(chatroomId: wish.chatroomId, head: chatroom.view.head, more: chatroom.isBehind))
            } catch {
                event.fail(error, logger: self.logger)
            }
        }
    }

    private struct Room: Codable {
        var chatroomId: ChatroomID
    }

    /// `leaveRoom {chatroomId}` → `{chatroomId}`: this socket no longer hears the chatroom until it says `joinRoom`;
    /// membership is untouched.
    func leaveRoom(_ event: SocketEvent, _ client: Client) throws {
        let room = try event.decode(Room.self)
        let reference = client.reference
        client.flow {
            guard let isDone = await reference.ask({ $0.decline(room.chatroomId) }) else { return }
            if isDone { event.answer(room) } else { event.fail(RequestError.tooLarge, logger: self.logger) }
        }
    }

    private struct Cursors: Decodable {
        var cursors: [ChatroomID: Seq]
    }

    private struct Synced: Encodable {
        var heads: [ChatroomID: Seq]
        var more: Bool
    }

    /// `sync {cursors}` → `{heads, more}`, after the missing entries. With `more` some chatroom is too far behind and was
    /// not replayed.
    func sync(_ event: SocketEvent, _ client: Client) throws {
        let cursors = try event.decode(Cursors.self).cursors
        try cursors.checkCount(atMost: self.maxCursors)
        let (reference, user) = (client.reference, client.user)
        client.flow {
            do {
                guard let joined = await reference.ask({ $0.chatrooms }) else { return }
                let chatrooms = joined.intersection(cursors.keys)
                let plan = try await self.entrance.rejoin(reference, user, chatrooms, cursors: cursors)
                guard let plan else { return }
                let heads = Dictionary(uniqueKeysWithValues: plan.chatrooms.map { ($0.view.id, $0.view.head) })
                event.answer(Synced(heads: heads, more: plan.chatrooms.contains { $0.isBehind }))
            } catch {
                event.fail(error, logger: self.logger)
            }
        }
    }
}
