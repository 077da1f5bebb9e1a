import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceKit

/// What other services ask of History.
struct InternalRoutes: Sendable {
    /// The most entries of one part and of one answer.
    private static let maxEach: Int64 = 1_000
    private static let maxEntries: Int64 = 20_000

    let appender: MessageAppender
    let heads: HeadStore
    let pages: PageStore
    let ranges: RangeStore
    let profiles: ProfileCache
    let feed: SocialFeed
    let marker: ReadMarker
    let retentions: RetentionStore
    let carriers: CarrierStore

    /// Under `/internal`.
    var routes: RouteCollection<InternalContext> {
        RouteCollection(context: InternalContext.self)
            .post("messages", use: self.append)
            .post("heads", use: self.lookupHeads)
            .post("views", use: self.lookupViews)
            .post("entries", use: self.lookupEntries)
            .post("caught-up", use: self.awaitFeed)
            .post("cursors", use: self.moveCursors)
            .post("retention", use: self.setRetention)
            .post("media-carriers", use: self.lookupCarriers)
            .add(middleware: AllowedCallers(.social))
            .post("messages/seen", use: self.lookupMessage)
    }

    /// `POST /internal/messages` → a receipt or a refusal for each message, in order, when all are committed.
    func append(request: Request, context: InternalContext) async throws -> Response {
        let body = try await StrictJSON.body(of: request, context: context)
        let messages = try AppendReader.items(in: body) ?? StrictJSON.decode(AppendMessages.self, from: body).messages
        try Self.check("messages", messages.count, atMost: 1_000)
        var answer = JSONBytes(capacity: messages.count * 112 + 32)
        try answer.results(await self.appender.append(messages))
        return Response(json: ByteBuffer(bytes: answer.bytes))
    }

    /// `POST /internal/messages/seen` → one message as one user sees it, if they do.
    func lookupMessage(request: Request, context: InternalContext) async throws -> LookupSeenMessage.Answer {
        let asked = try await request.decode(as: LookupSeenMessage.self, context: context)
        let entry = try await self.pages.message(asked.messageId, for: asked.userId)
        return LookupSeenMessage.Answer(
            message: entry?.message(senders: [:]).map { SeenMessage(senderId: $0.sender.id, content: $0.content) })
    }

    /// `POST /internal/heads` → the newest seq of each chatroom that has a log.
    func lookupHeads(request: Request, context: InternalContext) async throws -> LookupHeads.Answer {
        let ids = try await request.decode(as: LookupHeads.self, context: context).chatroomIds
        try Self.check("chatroomIds", ids.count, atMost: 10_000)
        return LookupHeads.Answer(epoch: try await self.heads.epoch(), heads: try await self.heads.heads(of: ids))
    }

    /// `POST /internal/views` → what each user may see, at one position of Social's feed.
    func lookupViews(request: Request, context: InternalContext) async throws -> LookupViews.Answer {
        let ids = try await request.decode(as: LookupViews.self, context: context).userIds
        try Self.check("userIds", ids.count, atMost: 1_000)
        return try await self.heads.views(of: ids)
    }

    /// `POST /internal/entries` → parts of logs, whoever may read them: the caller sees to that.
    func lookupEntries(request: Request, context: InternalContext) async throws -> LookupEntries.Answer {
        let ranges = try await request.decode(as: LookupEntries.self, context: context).ranges
        try Self.check("ranges", ranges.count, atMost: 10_000)
        for range in ranges where min(range.after, range.upTo ?? 0, Seq(range.limit)) < 0 {
            throw RequestError.invalid("ranges", "has a number below 0")
        }
        let epoch = try await self.heads.epoch()
        let heads = try await self.heads.heads(of: Array(Set(ranges.map(\.chatroomId))))
        let wanted = ranges.map { range in
            let head = heads[range.chatroomId] ?? 0
            return LogPart(chatroom: range.chatroomId, after: range.after, upTo: min(range.upTo ?? head, head))
        }
        let limited = zip(wanted, ranges).map { part, range in part.first(Int64(range.limit)) }
        let parts = LogPart.cut(limited, each: Self.maxEach, total: Self.maxEntries)
        let entries = try await self.ranges.entries(in: parts)
        let senders = await self.profiles.senders(of: entries.joined())
        var answers: [LookupEntries.Entries] = []
        for (index, part) in parts.enumerated() {
            answers.append(
                LookupEntries.Entries(
                    chatroomId: part.chatroom, head: heads[part.chatroom] ?? 0,
                    entries: try entries[index].map { try $0.busEntry(senders: senders).text },
                    more: part.count < wanted[index].count))
        }
        return LookupEntries.Answer(epoch: epoch, ranges: answers)
    }

    /// `POST /internal/caught-up` → how far a feed is applied, when that is far enough, or after a second.
    func awaitFeed(request: Request, context: InternalContext) async throws -> AwaitFeed.Answer {
        let wanted = try await request.decode(as: AwaitFeed.self, context: context)
        guard wanted.feed == "social" else { throw RequestError.invalid("feed", "is not one that History follows") }
        let position = try await self.feed.waitUntil(position: wanted.position, timeout: .seconds(1))
        return AwaitFeed.Answer(position: position)
    }

    /// `POST /internal/cursors` → where each read cursor is now, in order.
    func moveCursors(request: Request, context: InternalContext) async throws -> MoveCursors.Answer {
        let places = try await request.decode(as: MoveCursors.self, context: context).cursors
        try Self.check("cursors", places.count, atMost: 1_000)
        guard places.allSatisfy({ $0.seq >= 0 }) else { throw RequestError.invalid("cursors", "has one below 0") }
        return MoveCursors.Answer(cursors: try await self.marker.move(places).map { $0?.seq })
    }

    /// `POST /internal/retention` → 204: for so many seconds a chatroom keeps what is said in it; 0: for ever; none: as
    /// `HISTORY_RETENTION` says.
    func setRetention(request: Request, context: InternalContext) async throws -> NoContent {
        let wanted = try await request.decode(as: SetRetention.self, context: context)
        // A hundred years: PostgreSQL counts back from today.
        guard (0...3_155_760_000).contains(wanted.keepSeconds ?? 0) else {
            throw RequestError.invalid("keepSeconds", "is not between 0 and 3155760000")
        }
        try await self.retentions.set(
            wanted.keepSeconds.map { $0 == 0 ? .forEver : .seconds($0) }, of: wanted.chatroomId)
        return NoContent()
    }

    /// `POST /internal/media-carriers` → those of the messages that are stored and carry a file.
    func lookupCarriers(request: Request, context: InternalContext) async throws -> LookupCarriers.Answer {
        let messages = try await request.decode(as: LookupCarriers.self, context: context).messages
        try Self.check("messages", messages.count, atMost: 1_000)
        return LookupCarriers.Answer(messages: try await self.carriers.carrying(among: messages))
    }

    private static func check(_ field: String, _ count: Int, atMost most: Int) throws(RequestError) {
        guard count <= most else { throw .invalid(field, "has more than \(most) items") }
    }
}

extension LookupCarriers.Answer: ResponseEncodable {}
extension MoveCursors.Answer: ResponseEncodable {}
extension LookupSeenMessage.Answer: ResponseEncodable {}
