import NIOCore
import SocketIO

/// An event as it came: its name read, its arguments untouched JSON text.
package struct SocketEvent: Sendable {
    package let name: String
    /// The arguments after the name as they came, each one JSON text.
    package let arguments: [ByteBuffer]
    /// What the placeholders `{"_placeholder":true,"num":N}` in the arguments stand for.
    package let attachments: [ByteBuffer]
    /// Present if the client wants an answer.
    package let acknowledgement: Acknowledgement?

    /// The arguments as they stand in an array: joined by commas.
    package var argumentsText: String { self.arguments.map { String(buffer: $0) }.joined(separator: ",") }

    /// What it takes to keep it for a while.
    var byteCount: Int { (self.arguments + self.attachments).reduce(self.name.utf8.count) { $0 + $1.readableBytes } }
}

/// The way back to a client that wants to know what became of its event.
///
/// `Sendable`: answers from any thread. An answer to a socket that is gone goes nowhere.
package struct Acknowledgement: Sendable {
    /// The client's digits, echoed verbatim.
    let id: String
    let socket: SocketReference

    /// Answers with `arguments`, the JSON text of an array: `[{"seq":7}]`. To be called once.
    package func answer(_ arguments: String, attachments: [ByteBuffer] = []) {
        self.socket.execute { $0.acknowledge(self.id, arguments: arguments, attachments: attachments) }
    }
}

/// What became of an event that asked for an acknowledgement.
package enum AcknowledgementResult: Sendable {
    /// The JSON text of the array the client answered with, and the binaries its placeholders stand for.
    case answered(ByteBuffer, attachments: [ByteBuffer])
    case timedOut
    case disconnected
}
