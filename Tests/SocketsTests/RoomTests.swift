import NIOCore
import Synchronization
import Testing

@testable import Sockets

@Suite(.timeLimit(.minutes(10)))
struct RoomTests {
    /// An application whose sockets join one room by themselves; `held` ones wait to be released.
    private final class Lobby: SocketApplication {
        let namespaces: Set<String> = ["/"]
        let slowFarewell = EncodedEvent(#"["too slow"]"#)
        private let held: Bool
        private let room = Mutex<Room?>(nil)
        init(held: Bool = false) { self.held = held }

        func open(_ server: SocketServer) -> Room {
            let room = server.makeRoom("lobby")
            self.room.withLock { $0 = room }
            return room
        }

        func admit(_ handshake: Handshake) -> (any Visitor)? { nil }

        func connect(_ socket: Socket, auth: ByteBuffer) {
            socket.accept()
            self.room.withLock { $0 }?.join(socket, held: self.held)
            socket.emit(#"["joined","\#(socket.id)"]"#)
        }

        func receive(_ event: SocketEvent, from socket: Socket) {
            guard let room = self.room.withLock({ $0 }) else { return }
            switch event.name {
            case "leave": room.leave(socket)
            case "release": room.membership(of: socket)?.release(after: Int64(event.argumentsText) ?? 0)
            default: break
            }
            event.acknowledgement?.answer("[]")
        }

        func disconnect(_ socket: Socket, reason: DisconnectReason) {}
    }

    private struct Member {
        let socket: WireWebSocket
        let id: String
    }

    private func join(_ server: TestServer, _ count: Int) async throws -> [Member] {
        var members: [Member] = []
        for _ in 0..<count {
            let socket = try await server.openWebSocket("/socket.io/")
            try await socket.join()
            guard case .text(let joined)? = await socket.next() else { throw ChannelError.eof }
            members.append(Member(socket: socket, id: String(joined.dropFirst(13).dropLast(2))))
        }
        return members
    }

    private func with(
        _ lobby: Lobby, _ configure: (inout SocketConfiguration) -> Void = { _ in },
        _ body: (TestServer, Room) async throws -> Void
    ) async throws {
        try await withServer(configure, mounts: [("/socket.io/", .sockets(lobby))]) { server in
            try await body(server, lobby.open(server.server))
        }
    }

    private func event(_ text: String, isVolatile: Bool = false) throws -> EncodedEvent {
        try #require(EncodedEvent(text, isVolatile: isVolatile))
    }

    @Test func `members on all loops hear everything in order`() async throws {
        try await self.with(Lobby()) { server, room in
            let members = try await self.join(server, 8)
            #expect(room.memberCount == 8)
            for number in 1...100 { room.broadcast(try self.event(#"["n",\#(number)]"#)) }
            for member in members {
                for number in 1...100 { #expect(await member.socket.next() == .text(#"42["n",\#(number)]"#)) }
            }
        }
    }

    @Test func `members who poll hear the same, all of it in one answer`() async throws {
        try await self.with(Lobby()) { server, room in
            let session = try await server.handshake("/socket.io/")
            #expect(try await session.post("40").status == 200)
            #expect(try await session.get().body.contains(#"42["joined","#))
            room.broadcast(try self.event(#"["n",1]"#))
            let binary = #"["b",{"_placeholder":true,"num":0}]"#
            room.broadcast(try #require(EncodedEvent(binary, attachments: [ByteBuffer(bytes: [1, 2])])))
            await server.untilLoopsTurned()
            let body = try await session.get().body
            #expect(body == "42[\"n\",1]\u{1E}451-[\"b\",{\"_placeholder\":true,\"num\":0}]\u{1E}bAQI=")
        }
    }

    @Test func `who is excepted and who has left hear nothing`() async throws {
        try await self.with(Lobby()) { server, room in
            let members = try await self.join(server, 3)
            try await members[2].socket.send(#"427["leave"]"#)
            #expect(await members[2].socket.next() == .text("437[]"))
            room.broadcast(try self.event(#"["first"]"#), except: [members[0].id])
            room.broadcast(try self.event(#"["second"]"#))
            #expect(await members[0].socket.next() == .text(#"42["second"]"#))
            #expect(await members[1].socket.next() == .text(#"42["first"]"#))
            try await members[2].socket.send(#"428["ask"]"#)
            #expect(await members[2].socket.next() == .text("438[]"))
        }
    }

    @Test func `a member whose connection goes is out of the room`() async throws {
        try await self.with(Lobby()) { server, room in
            let members = try await self.join(server, 4)
            try await members[1].socket.client.abort()
            await server.until { room.memberCount == 3 }
            room.broadcast(try self.event(#"["still here"]"#))
            for index in [0, 2, 3] { #expect(await members[index].socket.next() == .text(#"42["still here"]"#)) }
        }
    }

    @Test func `a held member gets what lies above its position when released, then all`() async throws {
        try await self.with(Lobby(held: true)) { server, room in
            let member = try await self.join(server, 1)[0]
            for number in 1...5 { room.broadcast(try self.event(#"["n",\#(number)]"#), position: Int64(number)) }
            room.broadcast(try self.event(#"["no position"]"#))
            room.broadcast(try self.event(#"["typing"]"#, isVolatile: true))
            await server.untilLoopsTurned()
            try await member.socket.send(#"421["release",3]"#)
            room.broadcast(try self.event(#"["n",6]"#), position: 6)
            var heard: [WireMessage?] = []
            for _ in 0..<5 { heard.append(await member.socket.next()) }
            let texts = [#"42["n",4]"#, #"42["n",5]"#, #"42["no position"]"#, #"42["n",6]"#, "431[]"]
            // The last broadcast may come before or after the release; it is heard once.
            #expect(Set(heard.compactMap { $0?.description }) == Set(texts.map { WireMessage.text($0).description }))
            #expect(heard[0] == .text(texts[0]))
            #expect(heard[1] == .text(texts[1]))
        }
    }

    @Test func `a held member that misses too much is closed`() async throws {
        try await self.with(Lobby(held: true)) {
            $0.maxHeldBytes = 1000
        } _: { server, room in
            let member = try await self.join(server, 1)[0]
            let event = try self.event(#"["\#(String(repeating: "x", count: 300))"]"#)
            for number in 1...4 { room.broadcast(event, position: Int64(number)) }
            #expect(await member.socket.next() == .text(#"42["too slow"]"#))
            #expect(await member.socket.isClosedByServer())
        }
    }

    @Test func `a member that reads too slowly is closed and holds up nobody`() async throws {
        try await self.with(Lobby()) {
            $0.maxQueuedBytes = 200_000
            $0.pingInterval = .seconds(600)
        } _: { server, room in
            let members = try await self.join(server, 3)
            try await members[0].socket.client.stopReading()
            let event = try self.event(#"["\#(String(repeating: "x", count: 50_000))"]"#)
            // More than the kernel's buffers and the queue hold together.
            for _ in 0..<400 {
                room.broadcast(event)
                for index in 1...2 {
                    guard case .text(let text)? = await members[index].socket.next() else { throw ChannelError.eof }
                    #expect(text.utf8.count == 50_006)
                }
            }
            await server.until { room.memberCount == 2 }
        }
    }

    @Test func `a member that was too slow and reads on hears so last`() async throws {
        try await self.with(Lobby()) {
            $0.maxQueuedBytes = 200_000
        } _: { server, room in
            let members = try await self.join(server, 2)
            try await members[0].socket.client.stopReading()
            let text = #"["\#(String(repeating: "x", count: 50_000))"]"#
            let event = try self.event(text)
            while room.memberCount == 2 {
                room.broadcast(event)
                #expect(await members[1].socket.next() == .text("42" + text))
            }
            try await members[0].socket.client.resumeReading()
            var heard = await members[0].socket.next()
            while heard == .text("42" + text) { heard = await members[0].socket.next() }
            #expect(heard == .text(#"42["too slow"]"#))
            #expect(await members[0].socket.next() == .close(1008))
        }
    }

    @Test func `a poller that does not poll is closed when too much waits`() async throws {
        try await self.with(Lobby()) {
            $0.maxQueuedPackets = 10
        } _: { server, room in
            let session = try await server.handshake("/socket.io/")
            #expect(try await session.post("40").status == 200)
            for _ in 0..<11 { room.broadcast(try self.event(#"["n"]"#)) }
            await server.until { server.server.sessionCount == 0 }
            #expect(try await session.get().status == 400)
        }
    }

    @Test func `what is volatile is dropped when nobody polls`() async throws {
        try await self.with(Lobby()) { server, room in
            let session = try await server.handshake("/socket.io/")
            #expect(try await session.post("40").status == 200)
            _ = try await session.get()
            room.broadcast(try self.event(#"["typing"]"#, isVolatile: true))
            room.broadcast(try self.event(#"["message"]"#))
            await server.untilLoopsTurned()
            #expect(try await session.get().body == #"42["message"]"#)
        }
    }

    @Test(arguments: ["", "{}", "[]", #"["connect"]"#, #"["a""#, #"["a"] x"#, "[null]", "[\"a\u{1}\"]"])
    func `what is no event cannot be encoded`(_ text: String) {
        #expect(EncodedEvent(text) == nil)
    }

    @Test func `no event of ours has more than ten attachments`() {
        let attachments = [ByteBuffer](repeating: ByteBuffer(), count: 11)
        #expect(EncodedEvent(#"["e"]"#, attachments: attachments) == nil)
        #expect(EncodedEvent(#"["e"]"#, attachments: Array(attachments.prefix(10))) != nil)
    }
}
