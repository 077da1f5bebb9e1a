import ChatAPI
import Postgres
import ServiceKit

/// Changes messages, and tells the Gateways.
struct MessageChanger: Sendable {
    /// Repeating is safe: a wish that has come true makes no second entry.
    private static let maxAttempts = 4

    let changes: ChangeStore
    let publisher: EntryPublisher
    let releaser: MediaReleaser

    /// - Returns: the message as it is now, when that is committed.
    func apply(_ wish: MessageWish, to message: MessageID, by user: UserID) async throws -> Entry {
        let changed = try await self.store(wish, message, user)
        if let entry = changed.entry {
            await self.publisher.publish([entry])
            if wish == .recall { self.releaser.poke() }
        }
        return changed.message
    }

    private func store(_ wish: MessageWish, _ message: MessageID, _ user: UserID) async throws -> ChangeStore.Changed {
        var attempt = 0
        while true {
            attempt += 1
            do {
                return try await self.changes.apply(wish, to: message, by: user)
            } catch let error as PostgresError where attempt < Self.maxAttempts && error.isPassing {
                continue
            }
        }
    }
}

extension PostgresError {
    /// It is not known what became of it, or it lost against another transaction (serialization failure, deadlock).
    fileprivate var isPassing: Bool {
        self.code == .outcomeUnknown || self.sqlState == "40001" || self.sqlState == "40P01"
    }
}
