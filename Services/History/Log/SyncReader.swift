import ChatAPI
import Foundation
import ServiceKit

/// What clients have missed. Those who come back at once are asked about together: ten thousand of them are a few
/// statements.
struct SyncReader: Sendable {
    /// The most entries of one chatroom and of one client.
    private static let maxEach: Int64 = 1_000
    private static let maxEntries: Int64 = 5_000
    /// Who has missed more is read for alone: a batch is to stay small and quick.
    private static let maxTogether: Int64 = 100

    struct Missed: Sendable {
        let log: ReadableLog
        let entries: [Entry]
        /// Whether there are more than these.
        let more: Bool
    }

    private let ranges: RangeStore
    private let logs: Batcher<RangeStore.Reader, RangeStore.Readable>

    init(ranges: RangeStore) {
        self.ranges = ranges
        self.logs = Batcher(name: "sync") { try await ranges.readable(by: $0, entries: Self.maxTogether) }
    }

    /// The entries after each cursor; chatrooms the user is not in are left out.
    func missed(by user: UserID, after cursors: [ChatroomID: Seq]) async throws -> (epoch: UUID, chatrooms: [Missed]) {
        let readable = try await self.logs.submit(RangeStore.Reader(user: user, cursors: cursors))
        let missing = readable.logs.map { log in
            LogPart(chatroom: log.chatroom, after: max(cursors[log.chatroom] ?? 0, log.from - 1), upTo: log.head)
        }
        if missing.reduce(0, { $0 + $1.count }) <= Self.maxTogether {
            let chatrooms = zip(readable.logs, missing).map { log, part in
                Missed(log: log, entries: readable.entries[part] ?? [], more: false)
            }
            return (readable.epoch, chatrooms)
        }
        let parts = LogPart.cut(missing, each: Self.maxEach, total: Self.maxEntries)
        let entries = try await self.ranges.entries(in: parts)
        return (
            readable.epoch,
            readable.logs.indices.map { index in
                Missed(
                    log: readable.logs[index], entries: entries[index],
                    more: parts[index].count < missing[index].count)
            }
        )
    }
}
