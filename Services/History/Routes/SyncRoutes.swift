import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceKit

/// What a client has missed of its chatrooms.
struct SyncRoutes: Sendable {
    private static let maxChatrooms = 1_000

    let reader: SyncReader
    let profiles: ProfileCache

    /// Under `/api/history/sync`.
    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self).post(use: self.sync)
    }

    /// `POST /sync` → for each cursor the entries after it, as events, each the bytes that went to live sockets.
    /// Chatrooms the caller is not in are left out; a cursor above the head is taken for the head.
    func sync(request: Request, context: AuthenticatedContext) async throws -> Response {
        let cursors = try await request.decode(as: Sync.self, context: context).cursors
        guard cursors.count <= Self.maxChatrooms else {
            throw RequestError.invalid("cursors", "has more than \(Self.maxChatrooms) chatrooms")
        }
        guard cursors.values.allSatisfy({ $0 >= 0 }) else { throw RequestError.invalid("cursors", "has one below 0") }
        let (epoch, missed) = try await self.reader.missed(by: context.user, after: cursors)
        let senders = await self.profiles.senders(of: missed.flatMap(\.entries))
        let chatrooms = try missed.map { missed in
            let events = try missed.entries.map { try $0.busEntry(senders: senders).event }.joined(separator: ",")
            return
                #"{"id":\#(missed.log.chatroom),"entries":[\#(events)],"head":\#(missed.log.head),"more":\#(missed.more)}"#
        }
        let body = #"{"epoch":"\#(epoch)","chatrooms":[\#(chatrooms.joined(separator: ","))]}"#
        return Response(json: ByteBuffer(string: body))
    }
}

private struct Sync: Decodable {
    let cursors: [ChatroomID: Seq]
}
