import ChatAPI
import Foundation
import Postgres
import ServiceKit

/// What users let others do and see.
struct PrivacyStore: Sendable {
    let postgres: Postgres
    let changes: ChangeStore
    let codes: FriendCodes

    func privacy(of user: UserID) async throws -> PrivacyRecord {
        try await self.postgres.first(Self.one(user)) ?? PrivacyRecord()
    }

    /// Changes what is given; the change is in the feed, unless it is none.
    ///
    /// - Throws: ``AuthError/userNotFound``.
    func update(_ user: UserID, with change: PrivacyChange) async throws -> PrivacyRecord {
        try await self.change(user) { $0.privacy = change.applied(to: $0.privacy) }
    }

    /// Gives a user another friend code: the one before opens nothing more.
    ///
    /// - Throws: ``AuthError/userNotFound``.
    func renewCode(of user: UserID) async throws -> PrivacyRecord {
        try await self.change(user) { $0.codeVersion += 1 }
    }

    /// What there is to say to somebody's wish to be another's friend. Whoever is not there (any more) welcomes nobody.
    func judge(_ wish: JudgeFriendRequest) async throws -> JudgeFriendRequest.Answer {
        let row: (Date, Privacy.Requests?, Int?)? = try await self.postgres.first(
            """
            SELECT sender.created_at, p.requests, p.code_version
            FROM auth.users AS sender, auth.users AS receiver LEFT JOIN auth.privacy AS p ON p.user_id = receiver.id
            WHERE sender.id = \(wish.from) AND receiver.id = \(wish.to)
                AND sender.deleted_at IS NULL AND receiver.deleted_at IS NULL
            """)
        guard let (senderSince, requests, version) = row else {
            return JudgeFriendRequest.Answer(welcome: .nobody, senderSince: .now)
        }
        let welcome: JudgeFriendRequest.Welcome =
            switch requests ?? Privacy.usual.requests {
            case .anyone: .anyone
            case .sharesChatroom: .sharesChatroom
            case .nobody: .nobody
            case .code:
                wish.code.map { self.codes.isRight($0, of: wish.to, version: version ?? 1) } == true
                    ? .anyone : .nobody
            }
        return JudgeFriendRequest.Answer(welcome: welcome, senderSince: Timestamp(senderSince))
    }

    private func change(
        _ user: UserID, _ body: @escaping @Sendable (inout PrivacyRecord) -> Void
    ) async throws -> PrivacyRecord {
        let (record, position) = try await self.postgres.recordingTransaction { transaction -> PrivacyRecord in
            // The lock on the user lets one change at a time look and act.
            let owner: UserID? = try await transaction.first(
                "SELECT id FROM auth.users WHERE id = \(user) AND deleted_at IS NULL FOR NO KEY UPDATE")
            guard owner != nil else { throw AuthError.userNotFound }
            let before: PrivacyRecord = try await transaction.first(Self.one(user)) ?? PrivacyRecord()
            var record = before
            body(&record)
            guard record != before else { return record }
            let privacy = record.privacy
            try await transaction.execute(
                """
                INSERT INTO auth.privacy (user_id, requests, presence, receipts, typing, code_version)
                VALUES (\(user), \(privacy.requests), \(privacy.presence), \(privacy.receipts), \(privacy.typing),
                    \(record.codeVersion))
                ON CONFLICT (user_id) DO UPDATE SET
                    requests = excluded.requests, presence = excluded.presence, receipts = excluded.receipts,
                    typing = excluded.typing, code_version = excluded.code_version
                """)
            if privacy != before.privacy {
                try self.changes.record([.privacy(UserPrivacy(user: user, privacy: privacy))], in: transaction)
            }
            return record
        }
        if let position { self.changes.announce(position) }
        return record
    }

    private static func one(_ user: UserID) -> SQL {
        """
        SELECT requests, presence, receipts, typing, code_version FROM auth.privacy WHERE user_id = \(user)
        """
    }
}
