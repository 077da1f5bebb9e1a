import ChatAPI
import Foundation
import Logging
import Postgres
import ServiceKit

/// Writes batches of messages, and publishes what they became.
///
/// A batch fails as a whole in the database; here it is then split, so that one bad message fails alone.
struct BatchWriter: Sendable {
    typealias Outcome = Result<AppendOutcome, RequestError>

    /// How often a batch is repeated whose outcome is unknown or that lost against another transaction. Repeating is
    /// safe: the client ids are the same.
    private static let maxAttempts = 4

    let entries: EntryStore
    let publisher: EntryPublisher
    let logger: Logger
    #if DEBUG
        var drill: DrillFaults?
    #endif

    /// One outcome for each draft, in order, when they are committed and handed to the bus.
    func write(_ drafts: [PreparedDraft]) async -> [Outcome] {
        var outcomes: [Outcome] = []
        for start in stride(from: 0, to: drafts.count, by: MessageAppender.maxBatch) {
            let batch = Array(drafts[start..<min(start + MessageAppender.maxBatch, drafts.count)])
            let stored = await self.storeOrDrill(batch)
            await self.publisher.publish(zip(batch, stored).compactMap(Self.entry))
            outcomes += stored
        }
        return outcomes
    }

    private func storeOrDrill(_ drafts: [PreparedDraft]) async -> [Outcome] {
        #if DEBUG
            if let drill = self.drill {
                return await drill.write(drafts, publishingBy: self.publisher) { await self.store($0) }
            }
        #endif
        return await self.store(drafts)
    }

    private func store(_ drafts: [PreparedDraft]) async -> [Outcome] {
        var attempt = 0
        while true {
            attempt += 1
            do throws(PostgresError) {
                return try await self.entries.append(drafts).map { .success($0) }
            } catch {
                switch (error.code, error.sqlState) {
                case (.outcomeUnknown, _) where attempt < Self.maxAttempts,
                    // Serialization failure, deadlock.
                    (.sqlState("40001"), _) where attempt < Self.maxAttempts,
                    (.sqlState("40P01"), _) where attempt < Self.maxAttempts:
                    continue
                case (_, "55P03"?):
                    // Somebody holds the lock of a chatroom for too long: the others need not wait for it.
                    return await self.storeByChatroom(drafts, after: error)
                case (.sqlState, _) where drafts.count > 1:
                    let half = drafts.count / 2
                    return await self.store(Array(drafts[..<half])) + self.store(Array(drafts[half...]))
                default:
                    self.logger.error(
                        "messages could not be stored", metadata: ["count": "\(drafts.count)", "error": "\(error)"])
                    return drafts.map { _ in .failure(.unavailable) }
                }
            }
        }
    }

    private func storeByChatroom(_ drafts: [PreparedDraft], after error: PostgresError) async -> [Outcome] {
        let byChatroom = Dictionary(grouping: drafts.indices) { drafts[$0].draft.chatroom }
        guard byChatroom.count > 1 else {
            self.logger.warning("a chatroom stays locked", metadata: ["error": "\(error)"])
            return drafts.map { _ in .failure(.unavailable) }
        }
        var outcomes: [Outcome] = Array(repeating: .failure(.unavailable), count: drafts.count)
        await withTaskGroup(of: ([Int], [Outcome]).self) { group in
            for indices in byChatroom.values {
                group.addTask { (indices, await self.store(indices.map { drafts[$0] })) }
            }
            for await (indices, stored) in group {
                for (index, outcome) in zip(indices, stored) { outcomes[index] = outcome }
            }
        }
        return outcomes
    }

    /// What is in the log for a draft, made of what is stored.
    private static func entry(_ draft: PreparedDraft, _ outcome: Outcome) -> Entry? {
        guard case .success(.stored(let seq, let ordinal, let createdAt, let earlier)) = outcome else { return nil }
        return Entry(
            chatroom: draft.draft.chatroom, seq: seq, ordinal: ordinal,
            content: .message(
                earlier ?? draft.stored, sender: draft.draft.sender, clientId: draft.draft.clientId),
            createdAt: createdAt)
    }
}
