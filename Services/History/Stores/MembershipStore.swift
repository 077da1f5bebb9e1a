import ChatAPI
import Foundation
import Postgres

/// Applies Social's changes to the log and to `members`.
///
/// Each change is one transaction: it locks the feed's position and the chatroom's head, appends the entry that tells of
/// it, writes `members` and advances the position. Any number of instances may apply at once: each change is applied
/// once, and has a place in the log above which it holds.
struct MembershipStore: Sendable {
    let postgres: Postgres
    #if DEBUG
        /// ``DrillFault/appendInOneStatement``.
        var lingers = false
    #endif

    enum Applied: Hashable, Sendable {
        /// `entry`: the one that tells of it, if one does.
        case now(entry: Entry?)
        case before
        /// Changes are missing between this position and the one to apply.
        case missing(position: Int64)
    }

    /// How far Social's feed is applied, and in which of its epochs: none before the first time.
    func position() async throws(PostgresError) -> (epoch: UUID?, position: Int64) {
        let (epoch, position): (UUID?, Int64) = try await self.postgres.one(
            "SELECT epoch, position FROM history.feed_positions WHERE feed = 'social'")
        return (epoch, position)
    }

    /// Notes in which epoch Social's feed is followed, the first time.
    func begin(epoch: UUID) async throws(PostgresError) {
        try await self.postgres.execute(
            "UPDATE history.feed_positions SET epoch = \(epoch) WHERE feed = 'social' AND epoch IS NULL")
    }

    func apply(_ change: Change<SocialChange>) async throws -> Applied {
        try await self.postgres.transaction { transaction in
            let position: Int64 = try await transaction.one(
                "SELECT position FROM history.feed_positions WHERE feed = 'social' FOR UPDATE")
            guard change.position > position else { return .before }
            guard change.position == position + 1 else { return .missing(position: position) }
            let entry = try await Self.apply(change.what, in: transaction)
            try await transaction.execute(
                "UPDATE history.feed_positions SET position = \(change.position) WHERE feed = 'social'")
            #if DEBUG
                if self.lingers { try await transaction.execute("SELECT pg_sleep(0.2)") }
            #endif
            return .now(entry: entry)
        }
    }

    private static func apply(_ change: SocialChange, in transaction: PostgresTransaction) async throws -> Entry? {
        switch change {
        case .directCreated(let chatroom, let members):
            let log = try await LockedLog(chatroom, in: transaction)
            for user in members { try await log.admit(user, as: .member, joined: 0, from: 1, ordinal: 0) }
            return nil
        case .groupCreated(let chatroom, let name, let owner):
            let log = try await LockedLog(chatroom, in: transaction)
            let entry = try await log.append(StoredSystemChange(.created, by: owner, name: name))
            try await log.admit(owner, as: .owner, joined: entry.seq, from: 1, ordinal: 0)
            return entry
        case .memberAdded(let chatroom, let user, let by, let role, let showsHistory):
            let log = try await LockedLog(chatroom, in: transaction)
            let entry = try await log.append(StoredSystemChange(.added, userId: user, by: by))
            let from = showsHistory ? (seq: 1, ordinal: 0) : (seq: entry.seq, ordinal: entry.ordinal)
            try await log.admit(user, as: role, joined: entry.seq, from: from.seq, ordinal: from.ordinal)
            return entry
        case .memberRemoved(let chatroom, let user, let by):
            let log = try await LockedLog(chatroom, in: transaction)
            let entry = try await log.append(
                StoredSystemChange(user == by ? .left : .removed, userId: user, by: by))
            try await log.dismiss(user, at: entry.seq)
            return entry
        case .memberUpdated(let chatroom, let membership, let user):
            let log = try await LockedLog(chatroom, in: transaction)
            try await log.update(user, membership)
            return nil
        case .chatroomUpdated(let chatroom, let name, let by):
            guard let name else { return nil }
            let log = try await LockedLog(chatroom, in: transaction)
            return try await log.append(StoredSystemChange(.renamed, by: by, name: name))
        case .chatroomDissolved(let chatroom, let by):
            let log = try await LockedLog(chatroom, in: transaction)
            let entry = try await log.append(StoredSystemChange(.dissolved, by: by))
            try await log.dismissAll(at: entry.seq)
            return entry
        case .friendRequest, .friendAdded, .friendRemoved, .settingsChanged, .sightChanged:
            return nil
        }
    }
}
