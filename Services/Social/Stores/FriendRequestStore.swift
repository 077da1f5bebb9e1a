import ChatAPI
import Foundation
import Postgres
import ServiceKit

/// Who has asked whom to be friends, and how it came out.
struct FriendRequestStore: Sendable {
    let postgres: Postgres
    let rules: FriendRequestRules

    /// Makes a request, or agrees to the one the other has made, whichever the rules say.
    ///
    /// The locks on both people let one request at a time look and act, so two that cross meet: the second agrees.
    /// - Parameters:
    ///   - judgement: what Auth has to say to it.
    ///   - key: the caller's `Idempotency-Key`; what was made under it before is answered again.
    func request(
        from: UserID, to: UserID, reason: String, judgement: JudgeFriendRequest.Answer, key: UUID? = nil
    ) async throws -> Committed<FriendRequestRecord> {
        try await self.postgres.change { transaction in
            try await transaction.lock(Pair(from, to))
            let pair = Pair(from, to)
            // What has waited too long stands in nobody's way.
            try transaction.record(
                try await self.expire(
                    """
                    LEAST(from_id, to_id) = \(pair.low) AND GREATEST(from_id, to_id) = \(pair.high) AND status = 'pending'
                    """, limit: 1, in: transaction))
            if let key, let made = try await self.made(under: key, by: from, in: transaction) {
                return made
            }
            // The other may be settling their request at this moment, without these locks; then the situation changes.
            while true {
                let situation = try await self.situation(from: from, to: to, judgement, in: transaction)
                switch self.rules.decide(situation) {
                case .refuse(let refusal): throw refusal
                case .wait(let seconds): throw RequestError.tooManyRequests(retryAfter: seconds)
                case .ask:
                    let sql: SQL = """
                        INSERT INTO social.friend_requests (from_id, to_id, reason, creation_key)
                        VALUES (\(from), \(to), \(reason), \(key))
                        RETURNING id, from_id, to_id, reason, status, created_at
                        """
                    let made: FriendRequestRecord = try await transaction.one(sql)
                    try transaction.record([made.change])
                    return made
                case .agree(let id):
                    let sql: SQL = """
                        UPDATE social.friend_requests
                        SET status = 'agreed', settled_at = clock_timestamp(), crossing_key = \(key)
                        WHERE id = \(id) AND status = 'pending'
                        RETURNING id, from_id, to_id, reason, status, created_at
                        """
                    guard let agreed: FriendRequestRecord = try await transaction.first(sql) else { continue }
                    return try await transaction.befriend(by: agreed)
                }
            }
        }
    }

    /// Agrees to a request that was sent to `receiver`.
    ///
    /// - Throws: ``SocialError/friendRequestNotFound`` where it was sent to somebody else, ``SocialError/notPending``.
    func agree(_ id: FriendRequestID, by receiver: UserID) async throws -> Committed<FriendRequestRecord> {
        try await self.postgres.change { transaction in
            let agreed = try await self.settle(id, as: .agreed, where: "to_id = \(receiver)", in: transaction)
            return try await transaction.befriend(by: agreed)
        }
    }

    /// Rejects a request that was sent to `receiver`; refusals as in ``agree(_:by:)``.
    func reject(_ id: FriendRequestID, by receiver: UserID) async throws -> Committed<FriendRequestRecord> {
        try await self.postgres.change { transaction in
            let rejected = try await self.settle(id, as: .rejected, where: "to_id = \(receiver)", in: transaction)
            try transaction.record([rejected.change])
            return rejected
        }
    }

    /// Takes back a request of `sender`; refusals as in ``agree(_:by:)``.
    func cancel(_ id: FriendRequestID, by sender: UserID) async throws -> Committed<FriendRequestRecord> {
        try await self.postgres.change { transaction in
            let cancelled = try await self.settle(id, as: .cancelled, where: "from_id = \(sender)", in: transaction)
            try transaction.record([cancelled.change])
            return cancelled
        }
    }

    /// Ends requests that have waited too long.
    ///
    /// - Returns: how many.
    func expire(limit: Int) async throws -> Committed<Int> {
        try await self.postgres.change { transaction in
            let expired = try await self.expire("status = 'pending'", limit: limit, in: transaction)
            try transaction.record(expired)
            return expired.count
        }
    }

    /// Those sent to somebody: the pending ones first, then the newest.
    func received(by user: UserID, limit: Int) async throws -> [FriendRequestRecord] {
        try await self.list("to_id = \(user)", limit: limit)
    }

    /// Those somebody has sent: the pending ones first, then the newest.
    func sent(by user: UserID, limit: Int) async throws -> [FriendRequestRecord] {
        try await self.list("from_id = \(user)", limit: limit)
    }

    /// One that has waited too long is shown as what it is, also before it was ended.
    private func list(_ party: SQL, limit: Int) async throws -> [FriendRequestRecord] {
        try await self.postgres.all(
            """
            SELECT id, from_id, to_id, reason, created_at,
                CASE WHEN status = 'pending' AND NOT \(self.isYoung) THEN 'expired' ELSE status END AS status
            FROM social.friend_requests
            WHERE \(party) ORDER BY (status <> 'pending'), id DESC LIMIT \(limit)
            """)
    }

    private var isYoung: SQL { "created_at > statement_timestamp() - \(self.rules.lifetime) :: interval" }

    /// Those of `which` that have waited too long; answers the rows for the change feed.
    private func expire(
        _ which: SQL, limit: Int, in transaction: PostgresTransaction
    ) async throws -> [SocialChange] {
        let expired: [FriendRequestRecord] = try await transaction.all(
            """
            UPDATE social.friend_requests SET status = 'expired', settled_at = clock_timestamp()
            WHERE id IN (
                SELECT id FROM social.friend_requests WHERE \(which) AND NOT \(self.isYoung)
                ORDER BY created_at LIMIT \(limit) FOR UPDATE SKIP LOCKED)
            RETURNING id, from_id, to_id, reason, status, created_at
            """)
        return expired.map(\.change)
    }

    /// Ends a pending request; `party` is the condition that the caller may.
    private func settle(
        _ id: FriendRequestID, as status: FriendRequestStatus, where party: SQL, in transaction: PostgresTransaction
    ) async throws -> FriendRequestRecord {
        let update: SQL = """
            UPDATE social.friend_requests SET status = \(status), settled_at = clock_timestamp()
            WHERE id = \(id) AND status = 'pending' AND \(self.isYoung) AND
            """
        let returning: SQL = "RETURNING id, from_id, to_id, reason, status, created_at"
        if let settled: FriendRequestRecord = try await transaction.first(update + " " + party + " " + returning) {
            return settled
        }
        let known: FriendRequestID? = try await transaction.first(
            "SELECT id FROM social.friend_requests WHERE id = \(id) AND " + party)
        throw known == nil ? SocialError.friendRequestNotFound : SocialError.notPending
    }

    private func made(
        under key: UUID, by user: UserID, in transaction: PostgresTransaction
    ) async throws -> FriendRequestRecord? {
        try await transaction.first(
            """
            SELECT id, from_id, to_id, reason, status, created_at FROM social.friend_requests
            WHERE from_id = \(user) AND creation_key = \(key) OR to_id = \(user) AND crossing_key = \(key)
            """)
    }

    private func situation(
        from: UserID, to: UserID, _ judgement: JudgeFriendRequest.Answer, in transaction: PostgresTransaction
    ) async throws -> FriendRequestRules.Situation {
        let pair = Pair(from, to)
        let maxPerDay = self.rules.maxPerDay(since: judgement.senderSince.date, now: Timestamp.now.date)
        var situation: FriendRequestRules.Situation = try await transaction.one(
            """
            SELECT statement_timestamp() AS now,
                EXISTS (SELECT FROM social.friendships
                    WHERE low_id = \(pair.low) AND high_id = \(pair.high)) AS are_friends,
                EXISTS (SELECT FROM social.blocks
                    WHERE (owner_id, blocked_id) IN ((\(from), \(to)), (\(to), \(from)))) AS is_blocked,
                pending.id AS pending_id, pending.from_id = \(from) AS pending_is_own,
                (SELECT count(*) FROM social.friend_requests
                    WHERE from_id = \(from) AND status = 'pending' AND \(self.isYoung)) AS pending_sent,
                (SELECT created_at FROM social.friend_requests
                    WHERE from_id = \(from) AND created_at > statement_timestamp() - interval '1 day'
                    ORDER BY created_at DESC OFFSET \(maxPerDay - 1) LIMIT 1) AS day_full_since,
                (SELECT max(settled_at) FROM social.friend_requests
                    WHERE from_id = \(from) AND to_id = \(to) AND status = 'rejected') AS rejected_at,
                \(judgement.welcome == .sharesChatroom) AND EXISTS (
                    SELECT FROM social.chatroom_members AS own
                    JOIN social.chatroom_members AS other ON other.chatroom_id = own.chatroom_id
                    JOIN social.chatrooms AS c ON c.id = own.chatroom_id
                    WHERE own.user_id = \(from) AND other.user_id = \(to) AND c.type = 'group') AS shares_group
            FROM (VALUES (1)) AS one LEFT JOIN social.friend_requests AS pending
                ON LEAST(pending.from_id, pending.to_id) = \(pair.low)
                AND GREATEST(pending.from_id, pending.to_id) = \(pair.high) AND pending.status = 'pending'
            """)
        situation.welcome = judgement.welcome
        return situation
    }
}

extension PostgresTransaction {
    /// Makes the two people of an agreed request friends; the last thing of the transaction.
    fileprivate func befriend(by agreed: FriendRequestRecord) async throws -> FriendRequestRecord {
        let pair = Pair(agreed.from, agreed.to)
        try await self.execute(
            """
            INSERT INTO social.friendships (low_id, high_id) VALUES (\(pair.low), \(pair.high)) ON CONFLICT DO NOTHING
            """)
        try self.record([agreed.change, .friendAdded(agreed.from, agreed.to)])
        return agreed
    }
}

extension FriendRequestRecord: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.get("id"), from: try row.get("from_id"), to: try row.get("to_id"),
            reason: try row.get("reason"), status: try row.get("status"), createdAt: try row.get("created_at"))
    }
}

extension FriendRequestRules.Situation: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.init(now: try row.get("now"))
        self.areFriends = try row.get("are_friends")
        self.sharesGroup = try row.get("shares_group")
        self.isBlocked = try row.get("is_blocked")
        if let id: FriendRequestID = try row.get("pending_id") {
            self.pending = FriendRequestRules.Pending(id: id, isOwn: try row.get("pending_is_own"))
        }
        self.pendingSent = try row.get("pending_sent")
        self.dayFullSince = try row.get("day_full_since")
        self.rejectedAt = try row.get("rejected_at")
    }
}
