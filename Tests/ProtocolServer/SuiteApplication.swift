import NIOCore
import Sockets

/// What the Socket.IO suite expects: `auth` after CONNECT, `message` → `message-back`, `message-with-ack` → its
/// arguments as the acknowledgement. For stock clients `ask` → `question`, whose acknowledgement comes back as `answer`.
/// And what a load generator asks for: `join` a room by its name, with an acknowledgement, and `msg` with an object whose
/// first member is `room`, relayed untouched to that room.
struct SuiteApplication: SocketApplication {
    let namespaces: Set<String> = ["/", "/custom"]
    let rooms: NamedRooms

    init(rooms: NamedRooms = NamedRooms()) { self.rooms = rooms }

    func admit(_ handshake: Handshake) -> (any Visitor)? { nil }

    func connect(_ socket: Socket, auth: ByteBuffer) {
        socket.accept()
        socket.emit(#"["auth",\#(String(buffer: auth))]"#)
    }

    func receive(_ event: SocketEvent, from socket: Socket) {
        switch event.name {
        case "msg":
            guard let message = event.arguments.first, let room = self.rooms.room(of: message),
                let event = EncodedEvent(Self.event(message))
            else { return }
            room.broadcast(event)
        case "ask":
            let question = (["\"question\""] + event.arguments.map { String(buffer: $0) }).joined(separator: ",")
            socket.emit("[\(question)]", attachments: event.attachments, timeout: .seconds(20)) { result in
                guard case .answered(let answer, let attachments) = result else { return }
                socket.emit(#"["answer",\#(String(buffer: answer))]"#, attachments: attachments)
            }
        case "join":
            guard let name = event.arguments.first, let room = self.rooms.room(named: name) else { return }
            room.join(socket)
            event.acknowledgement?.answer("[]")
        case "message":
            let arguments = event.argumentsText
            let text = arguments.isEmpty ? #"["message-back"]"# : #"["message-back",\#(arguments)]"#
            socket.emit(text, attachments: event.attachments)
        case "message-with-ack":
            event.acknowledgement?.answer("[\(event.argumentsText)]", attachments: event.attachments)
        default:
            break
        }
    }

    func disconnect(_ socket: Socket, reason: DisconnectReason) {}

    private static func event(_ message: ByteBuffer) -> ByteBuffer {
        var event = ByteBuffer()
        event.reserveCapacity(message.readableBytes + 8)
        event.writeStaticString(#"["msg","#)
        event.writeImmutableBuffer(message)
        event.writeStaticString("]")
        return event
    }
}
