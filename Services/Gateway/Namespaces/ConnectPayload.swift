import ChatAPI
import Foundation
import NIOCore
import ServiceKit

/// What a client says in CONNECT: `{token?, cursors?: {"<chatroomId>": seq}, epoch?}`.
///
/// A cursor may be any whole number of 64 bits: ``ReplayPlan`` takes it to where the log is.
struct ConnectPayload: Decodable {
    var token: String?
    var cursors: [ChatroomID: Seq]?
    var epoch: UUID?

    /// - Throws: ``RequestError/invalid(fields:)``, also for more than `maxCursors` cursors.
    static func read(_ text: ByteBuffer, maxCursors: Int) throws(RequestError) -> ConnectPayload {
        let payload = try StrictJSON.decode(ConnectPayload.self, from: Array(text.readableBytesView))
        try payload.cursors?.checkCount(atMost: maxCursors)
        return payload
    }
}

extension [ChatroomID: Seq] {
    /// - Throws: ``RequestError/invalid(fields:)`` where cursors of more chatrooms are given than may be.
    func checkCount(atMost limit: Int) throws(RequestError) {
        guard self.count <= limit else { throw .invalid("cursors", "has more than \(limit) chatrooms") }
    }
}
