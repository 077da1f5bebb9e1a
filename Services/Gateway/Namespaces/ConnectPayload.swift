import ChatAPI
import Foundation
import NIOCore
import ServiceKit

/// What a client says in CONNECT: `{token?, cursors?: {"<chatroomId>": seq}, epoch?}`.
struct ConnectPayload: Decodable {
    var token: String?
    var cursors: [ChatroomID: Seq]?
    var epoch: UUID?

    static func read(_ text: ByteBuffer) throws(RequestError) -> ConnectPayload {
        try StrictJSON.decode(ConnectPayload.self, from: Array(text.readableBytesView))
    }
}
