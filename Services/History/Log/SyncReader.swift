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
    private let parts: Batcher<[LogPart], [[Entry]]>

    init(ranges: RangeStore) {
        self.ranges = ranges
        self.logs = Batcher(name: "sync_logs") { try await ranges.readable(by: $0) }
        self.parts = Batcher(name: "sync_parts") { asked in
            // Members of one chatroom have mostly missed the same.
            let distinct = Array(Set(asked.joined()))
            let read = try await ranges.entries(in: distinct)
            let entries = Dictionary(uniqueKeysWithValues: zip(distinct, read))
            return asked.map { parts in parts.map { entries[$0] ?? [] } }
        }
    }

    /// The entries after each cursor; chatrooms the user is not in are left out.
    func missed(by user: UserID, after cursors: [ChatroomID: Seq]) async throws -> (epoch: UUID, chatrooms: [Missed]) {
        let readable = try await self.logs.submit(RangeStore.Reader(user: user, chatrooms: Array(cursors.keys)))
        let missing = readable.logs.map { log in
            LogPart(chatroom: log.chatroom, after: max(cursors[log.chatroom] ?? 0, log.from - 1), upTo: log.head)
        }
        let parts = LogPart.cut(missing, each: Self.maxEach, total: Self.maxEntries)
        let entries = try await self.entries(in: parts)
        return (
            readable.epoch,
            readable.logs.indices.map { index in
                Missed(
                    log: readable.logs[index], entries: entries[index],
                    more: parts[index].count < missing[index].count)
            }
        )
    }

    private func entries(in parts: [LogPart]) async throws -> [[Entry]] {
        let wanted = parts.filter { $0.count > 0 }
        if wanted.isEmpty { return parts.map { _ in [] } }
        let isSmall = wanted.reduce(0) { $0 + $1.count } <= Self.maxTogether
        var read: ArraySlice<[Entry]>
        if isSmall {
            read = try await self.parts.submit(wanted)[...]
        } else {
            read = try await self.ranges.entries(in: wanted)[...]
        }
        return parts.map { $0.count > 0 ? read.removeFirst() : [] }
    }
}
