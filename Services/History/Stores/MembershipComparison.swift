import ChatAPI
import Foundation
import Postgres
import ServiceKit

/// Makes `members` what Social says after a restore of Social: what it has lost is taken back in the log, too.
///
/// One transaction for each chatroom, under the lock of the feed's position, which moves into the new epoch at the end. Until
/// then nothing of the feed is applied, and of several instances that compare each may do the next chatroom.
extension MembershipStore {
    /// The chatrooms that somebody is in.
    func chatrooms() async throws -> [ChatroomID] {
        try await self.postgres.all("SELECT DISTINCT chatroom_id FROM history.members WHERE left_seq IS NULL")
    }

    /// - Parameters:
    ///   - social: `nil` where Social knows no such chatroom.
    ///   - old: where the feed was left.
    /// - Returns: the entries that tell of it; `nil` where the feed is followed already from elsewhere.
    func compare(
        _ chatroom: ChatroomID, with social: SocialMemberships.Chatroom?, since old: FeedPosition
    ) async throws -> [Entry]? {
        try await self.postgres.transaction { transaction in
            let (epoch, position): (UUID?, Int64) = try await transaction.one(
                "SELECT epoch, position FROM history.feed_positions WHERE feed = 'social' FOR UPDATE")
            guard epoch == old.epoch, position == old.position else { return nil }
            let log = try await LockedLog(chatroom, in: transaction)
            let present = try await log.members()
            let members = social?.members ?? [:]
            var entries: [Entry] = []
            for user in present where members[user] == nil {
                let entry = try await log.append(StoredSystemChange(.removed, userId: user))
                try await log.dismiss(user, at: entry.seq)
                entries.append(entry)
            }
            for (user, member) in members.sorted(by: { $0.key < $1.key }) {
                if !present.contains(user) {
                    entries += try await self.admit(user, member, social?.type, to: log).map { [$0] } ?? []
                }
                try await log.update(
                    user,
                    Membership(
                        id: chatroom, role: member.role, mutedUntil: member.mutedUntil, canSend: member.canSend))
            }
            return entries
        }
    }

    /// Follows the feed from `new` on.
    func follow(from new: FeedPosition, since old: FeedPosition) async throws(PostgresError) {
        try await self.postgres.execute(
            """
            UPDATE history.feed_positions SET epoch = \(new.epoch), position = \(new.position)
            WHERE feed = 'social' AND epoch = \(old.epoch) AND position = \(old.position)
            """)
    }

    private func admit(
        _ user: UserID, _ member: SocialMemberships.Member, _ type: ChatroomType?, to log: LockedLog
    ) async throws -> Entry? {
        guard type == .group else {
            try await log.admit(user, as: member.role, joined: 0, from: 1, ordinal: 0)
            return nil
        }
        let entry = try await log.append(StoredSystemChange(.added, userId: user))
        let from = member.showsHistory ? (seq: 1, ordinal: 0) : (seq: entry.seq, ordinal: entry.ordinal)
        try await log.admit(user, as: member.role, joined: entry.seq, from: from.seq, ordinal: from.ordinal)
        return entry
    }
}
