import ChatAPI
import Foundation
import Logging
import Metrics
import Postgres
import ServiceKit

/// Stores messages: checks their form, has Media attach their files, and puts what arrives together into few
/// transactions.
///
/// Lanes by chatroom: two batches that touch one chatroom would wait for each other's fsync, so all that concerns a
/// chatroom takes one lane. What one call sends to a lane stays in its order.
struct MessageAppender: Sendable {
    /// The most messages of one transaction.
    static let maxBatch = 500

    private let media: MediaClient
    private let feed: SocialFeed
    private let rules: MessageRules
    private let lanes: Batcher<[PreparedDraft], [BatchWriter.Outcome]>
    private let laneCount: Int64
    private let logger: Logger

    init(
        writer: BatchWriter, media: MediaClient, feed: SocialFeed, lanes: Int, rules: MessageRules, logger: Logger
    ) {
        self.media = media
        self.feed = feed
        self.rules = rules
        self.laneCount = Int64(lanes)
        self.logger = logger
        self.lanes = Batcher(name: "append", lanes: lanes, maxBatch: 64, maxWaiting: 1_000) { calls in
            var outcomes = await writer.write(calls.flatMap(\.self))[...]
            return calls.map { call in
                defer { outcomes = outcomes.dropFirst(call.count) }
                return Array(outcomes.prefix(call.count))
            }
        }
    }

    /// Whether messages wait for those before them to be stored.
    var isBusy: Bool { self.lanes.waiting > 0 }

    /// One result for each message, in order. A message of bad form, a refused one, or one that cannot be stored now does
    /// not keep the others from being stored.
    func append(_ items: [AppendMessages.Item]) async -> [AppendMessages.Result] {
        var results: [AppendMessages.Result?] = Array(repeating: nil, count: items.count)
        var prepared: [(index: Int, draft: PreparedDraft)] = []
        await withTaskGroup(of: (Int, Result<PreparedDraft, any Error>).self) { group in
            for (index, item) in items.enumerated() {
                do {
                    let draft = try MessageDraft(item, by: self.rules)
                    if draft.body.mediaId == nil {
                        prepared.append((index, try PreparedDraft(draft, media: nil)))
                    } else {
                        group.addTask { (index, await self.attach(draft)) }
                    }
                } catch {
                    results[index] = self.refusal(for: error)
                }
            }
            for await (index, result) in group {
                switch result {
                case .success(let draft): prepared.append((index, draft))
                case .failure(let error): results[index] = self.refusal(for: error)
                }
            }
        }
        prepared.sort { $0.index < $1.index }
        await self.store(prepared) { index, result in results[index] = result }
        return results.map { $0 ?? AppendMessages.Result(error: RequestError.unavailable.body) }
    }

    private func attach(_ draft: MessageDraft) async -> Result<PreparedDraft, any Error> {
        do {
            guard let id = draft.body.mediaId else { return .success(try PreparedDraft(draft, media: nil)) }
            return .success(try PreparedDraft(draft, media: try await self.media.attach(id, to: draft)))
        } catch {
            return .failure(error)
        }
    }

    private func store(
        _ prepared: [(index: Int, draft: PreparedDraft)], each: (Int, AppendMessages.Result) -> Void
    ) async {
        let byLane = Dictionary(grouping: prepared) { $0.draft.draft.chatroom.rawValue % self.laneCount }
        await withTaskGroup(of: [(Int, AppendMessages.Result)].self) { group in
            for (lane, items) in byLane {
                group.addTask {
                    do {
                        let outcomes = try await self.outcomes(of: items.map(\.draft), lane: lane)
                        return zip(items, outcomes).map { item, outcome in
                            (item.index, Self.result(of: outcome, for: item.draft.draft))
                        }
                    } catch {
                        let refusal = self.refusal(for: error)
                        return items.map { ($0.index, refusal) }
                    }
                }
            }
            for await results in group {
                for (index, result) in results { each(index, result) }
            }
        }
    }

    /// A "no such chatroom" is confirmed with Social before it is answered.
    private func outcomes(of drafts: [PreparedDraft], lane: Int64) async throws -> [BatchWriter.Outcome] {
        let known = self.feed.known
        var outcomes = try await self.lanes.submit(drafts, lane: lane)
        let strange = outcomes.indices.filter { outcomes[$0] == .success(.refused(.chatroomNotFound)) }
        guard !strange.isEmpty, await self.feed.catchUp(since: known) else { return outcomes }
        let again = try await self.lanes.submit(strange.map { drafts[$0] }, lane: lane)
        for (index, outcome) in zip(strange, again) { outcomes[index] = outcome }
        return outcomes
    }

    private static func result(of outcome: BatchWriter.Outcome, for draft: MessageDraft) -> AppendMessages.Result {
        switch outcome {
        case .success(.stored(let seq, _, let createdAt, _)):
            AppendMessages.Result(
                receipt: MessageReceipt(
                    id: MessageID(chatroom: draft.chatroom, seq: seq), seq: seq, createdAt: createdAt))
        case .success(.refused(let error)): AppendMessages.Result(error: error.body)
        case .failure(let error): AppendMessages.Result(error: error.body)
        }
    }

    /// What the sender is told; a failure of ours is logged here and not told.
    private func refusal(for error: any Error) -> AppendMessages.Result {
        if let refusal = error as? any ServiceError { return AppendMessages.Result(error: refusal.body) }
        if !(error is CancellationError) {
            self.logger.error("a message could not be stored", metadata: ["error": "\(error)"])
        }
        return AppendMessages.Result(error: RequestError.unavailable.body)
    }
}
