import NIOCore
import Sockets
import Synchronization

/// The rooms there are, by the JSON text of their name; made when first named. `Sendable`: behind a `Mutex`.
final class NamedRooms: Sendable {
    private struct State {
        var makeRoom: (@Sendable (String) -> Room)?
        var rooms: [ByteBuffer: Room] = [:]
    }

    private let state = Mutex(State())

    /// To be called before the server starts.
    func serve(_ server: SocketServer) { self.state.withLock { $0.makeRoom = { server.makeRoom($0) } } }

    /// `name` is a JSON string with its quotes.
    func room(named name: ByteBuffer) -> Room? {
        self.state.withLock { state in
            if let room = state.rooms[name] { return room }
            let room = state.makeRoom?(String(buffer: name))
            // A copy: a slice would keep all that came with it.
            state.rooms[ByteBuffer(bytes: name.readableBytesView)] = room
            return room
        }
    }

    /// The room that `message` names, `{"room":"r1",…`.
    func room(of message: ByteBuffer) -> Room? {
        let start = Array(#"{"room":"#.utf8)
        let view = message.readableBytesView
        guard view.starts(with: start) else { return nil }
        let quote = UInt8(ascii: "\"")
        guard let end = view.dropFirst(start.count + 1).firstIndex(of: quote) else { return nil }
        let name = view.index(view.startIndex, offsetBy: start.count)
        return message.getSlice(at: name, length: end + 1 - name).flatMap { self.room(named: $0) }
    }
}
