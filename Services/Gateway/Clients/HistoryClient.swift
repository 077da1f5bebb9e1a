import ChatAPI
import Foundation
import HTTPTypes
import ServiceKit

/// What the Gateway asks of History; many asks go as one.
struct HistoryClient: Sendable {
    /// A part of one log, and of which epoch it is.
    private struct Part: Sendable {
        var epoch: UUID
        var entries: [String]
    }

    /// Messages of one chatroom keep their order by being in one lane, of which each instance has so many: with more, too
    /// little goes together in a call.
    private static var lanesPerInstance: Int { 4 }

    private let client: ServiceClient
    /// What those lack who come, and what this node has missed: who is live does not wait behind a storm.
    private let replays: Lookup<LookupEntries.Range, Part>
    private let holes: Lookup<LookupEntries.Range, Part>
    private let appends: Batcher<OutgoingMessage, AppendResult>
    private let cursors: Batcher<MoveCursors.Item, Seq?>

    /// - Parameter executors: event loops'. A message's call is made on one of them: each thread more on its way would be
    ///   one more to be woken.
    init(_ client: ServiceClient, executors: [LoopExecutor] = []) {
        self.client = client
        self.replays = Lookup(name: "replays", lanes: 2, maxBatch: 200) { try await Self.parts($0, of: client) }
        self.holes = Lookup(name: "holes", lanes: 2, maxBatch: EntryCalls.maxRanges) {
            try await Self.parts($0, of: client)
        }
        let lanes = Self.lanesPerInstance * client.instances
        self.appends = Batcher(name: "appends", lanes: lanes, executors: executors) { messages in
            var results: [AppendResult] = []
            for slice in AppendCalls.slices(of: messages) {
                let answer = try await client.call(
                    .post, "/internal/messages", json: AppendCalls.body(of: slice),
                    preferring: slice.first.map { $0.chatroom.rawValue % Int64(lanes) })
                results += try AppendCalls.results(in: answer)
            }
            return results
        }
        self.cursors = Batcher(name: "cursors") { items in
            let answer: MoveCursors.Answer = try await client.call(
                .post, "/internal/cursors", MoveCursors(cursors: items))
            return answer.cursors
        }
    }

    /// What each of at most 500 users may see, and how far History has applied Social's feed in the same snapshot.
    func views(of users: [UserID]) async throws -> LookupViews.Answer {
        let answer = try await self.client.call(.post, "/internal/views", json: ViewReader.question(about: users))
        return try ViewReader.views(in: answer) ?? self.client.decode(LookupViews.Answer.self, from: answer)
    }

    /// Entries that this node has missed, perhaps not all that were asked for.
    ///
    /// - Throws: also ``AnotherEpoch``.
    func hole(_ range: LookupEntries.Range, in epoch: UUID) async throws -> [BusEntry] {
        try await Self.entries(of: self.holes.value(for: range, lane: range.chatroomId.rawValue), in: epoch)
    }

    /// Entries that one who comes has missed, perhaps not all that were asked for. The same range is read once for all
    /// who ask for it at a time.
    ///
    /// - Throws: also ``AnotherEpoch``.
    func replay(_ range: LookupEntries.Range, in epoch: UUID) async throws -> [BusEntry] {
        try await Self.entries(of: self.replays.value(for: range, lane: range.chatroomId.rawValue), in: epoch)
    }

    private static func entries(of part: Part?, in epoch: UUID) throws -> [BusEntry] {
        guard let part else { return [] }
        guard part.epoch == epoch else { throw AnotherEpoch(epoch: part.epoch) }
        return try part.entries.map { text in
            guard let entry = BusEntry(text) else {
                throw ServiceUnavailable(service: "history", reason: "an entry that is none")
            }
            return entry
        }
    }

    private static func parts(
        _ ranges: [LookupEntries.Range], of client: ServiceClient
    ) async throws -> [LookupEntries.Range: Part] {
        var parts: [LookupEntries.Range: Part] = [:]
        for slice in EntryCalls.slices(of: ranges) {
            let answer: LookupEntries.Answer = try await client.call(
                .post, "/internal/entries", LookupEntries(ranges: EntryCalls.shares(of: slice)))
            guard answer.ranges.count == slice.count else {
                throw ServiceUnavailable(service: "history", reason: "another number of ranges than was asked for")
            }
            for (range, part) in zip(slice, answer.ranges) {
                parts[range] = Part(epoch: answer.epoch, entries: part.entries)
            }
        }
        return parts
    }

    /// The heads of at most 1,000 chatrooms; those without a log are left out.
    func heads(of chatrooms: [ChatroomID]) async throws -> LookupHeads.Answer {
        try await self.client.call(.post, "/internal/heads", LookupHeads(chatroomIds: chatrooms))
    }

    /// Waits, at most about a second, until History has applied Social's feed up to a position.
    func catchUp(to position: Int64) async throws {
        let _: AwaitFeed.Answer = try await self.client.call(
            .post, "/internal/caught-up", AwaitFeed(feed: "social", position: position))
    }

    /// Calls back when the message is committed or refused. Messages of one chatroom are stored in the order of the calls.
    func append(
        _ message: OutgoingMessage, then callback: @escaping @Sendable (Result<AppendResult, any Error>) -> Void
    ) {
        self.appends.submit(message, lane: message.chatroom.rawValue, then: callback)
    }

    /// Calls back with where the read cursor stands then; `nil` where the user is no member.
    func moveCursor(
        _ item: MoveCursors.Item, then callback: @escaping @Sendable (Result<Seq?, any Error>) -> Void
    ) {
        self.cursors.submit(item, then: callback)
    }
}
