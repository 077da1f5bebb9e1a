import ChatAPI
import Foundation
import NIOCore
import ServiceKit

/// What a client says in CONNECT: `{token?, cursors?: {"<chatroomId>": seq}, epoch?}`.
///
/// A cursor may be any whole number of 64 bits: ``ReplayPlan`` takes it to where the log is.
struct ConnectPayload {
    var token: String?
    var cursors: [ChatroomID: Seq]?
    var epoch: UUID?

    /// - Throws: ``RequestError/invalid(fields:)``, also for more than `maxCursors` cursors.
    static func read(_ text: ByteBuffer, maxCursors: Int) throws(RequestError) -> ConnectPayload {
        let members = try JSONMembers(Array(text.readableBytesView))
        let token = try members.string("token")
        let epoch = try members.string("epoch").map { text throws(RequestError) in
            guard let epoch = UUID(uuidString: text) else { throw members.refusal(of: "epoch", "is not valid") }
            return epoch
        }
        let cursors = try members.members("cursors").map { named throws(RequestError) in
            try Self.cursors(named, maxCursors: maxCursors)
        }
        return ConnectPayload(token: token, cursors: cursors, epoch: epoch)
    }

    private static func cursors(_ members: JSONMembers, maxCursors: Int) throws(RequestError) -> [ChatroomID: Seq] {
        guard members.count <= maxCursors else { throw .invalid("cursors", "has more than \(maxCursors) chatrooms") }
        var cursors: [ChatroomID: Seq] = [:]
        cursors.reserveCapacity(members.count)
        try members.eachInteger { key, seq throws(RequestError) in
            guard let chatroom = ChatroomID(key) else { throw members.refusal(of: key, "is not valid") }
            cursors[chatroom] = seq
        }
        return cursors
    }
}

extension [ChatroomID: Seq] {
    /// - Throws: ``RequestError/invalid(fields:)`` where cursors of more chatrooms are given than may be.
    func checkCount(atMost limit: Int) throws(RequestError) {
        guard self.count <= limit else { throw .invalid("cursors", "has more than \(limit) chatrooms") }
    }
}
