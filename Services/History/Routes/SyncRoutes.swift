import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceKit

/// What a client has missed of its chatrooms.
struct SyncRoutes: Sendable {
    /// The most entries of one chatroom and of one answer.
    private static let maxEach: Int64 = 1_000
    private static let maxEntries: Int64 = 5_000
    private static let maxChatrooms = 1_000

    let heads: HeadStore
    let ranges: RangeStore
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
        let epoch = try await self.heads.epoch()
        let logs = try await self.ranges.readable(by: context.user, among: Array(cursors.keys))
        let missing = logs.map { log in
            LogPart(chatroom: log.chatroom, after: max(cursors[log.chatroom] ?? 0, log.from - 1), upTo: log.head)
        }
        let parts = LogPart.cut(missing, each: Self.maxEach, total: Self.maxEntries)
        let entries = try await self.ranges.entries(in: parts)
        let senders = await self.profiles.senders(of: entries.joined())
        var chatrooms: [String] = []
        for (index, log) in logs.enumerated() {
            let events = try entries[index].map { try $0.busEntry(senders: senders).event }.joined(separator: ",")
            let more = parts[index].count < missing[index].count
            chatrooms.append(#"{"id":\#(log.chatroom),"entries":[\#(events)],"head":\#(log.head),"more":\#(more)}"#)
        }
        let body = #"{"epoch":"\#(epoch)","chatrooms":[\#(chatrooms.joined(separator: ","))]}"#
        return Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }
}

private struct Sync: Decodable {
    let cursors: [ChatroomID: Seq]
}
