import Foundation

/// `POST /internal/tokens/renew` of Auth: a batch of tokens older than `renewAfter`, one result each, in order.
package struct RenewTokens: Codable, Sendable {
    package var tokens: [String]

    package init(tokens: [String]) { self.tokens = tokens }

    /// A result is `nil` where the token cannot be renewed (session revoked or over, token not ours).
    package struct Answer: Codable, Sendable {
        package var tokens: [String?]

        package init(tokens: [String?]) { self.tokens = tokens }
    }
}

/// `POST /internal/users/lookup` of Auth: profiles by id, by username (whatever its case), or both in one call.
///
/// Users that do not exist are left out of the answer; one that was asked for twice may come once.
package struct LookupUsers: Codable, Sendable {
    package var ids: [UserID]
    package var usernames: [String]?

    package init(ids: [UserID], usernames: [String]? = nil) {
        self.ids = ids
        self.usernames = usernames
    }

    /// `position` is that of Auth's change feed in the same snapshot: whoever caches applies all changes above it.
    package struct Answer: Codable, Sendable {
        package var position: Int64
        package var users: [Profile]
        /// Of those of `users` who have another privacy than the usual.
        package var privacy: [UserPrivacy]

        package init(position: Int64, users: [Profile], privacy: [UserPrivacy] = []) {
            self.position = position
            self.users = users
            self.privacy = privacy
        }
    }
}

/// `POST /internal/friend-requests/judge` of Auth: what it has to say to somebody's wish to be another's friend.
package struct JudgeFriendRequest: Codable, Sendable {
    package var from: UserID
    package var to: UserID
    /// The friend code that came with it.
    package var code: String?

    package init(from: UserID, to: UserID, code: String? = nil) {
        self.from = from
        self.to = to
        self.code = code
    }

    /// Whom `to` takes requests from, the code already judged.
    package enum Welcome: String, Codable, Sendable {
        case anyone
        case sharesChatroom
        case nobody
    }

    package struct Answer: Codable, Hashable, Sendable {
        package var welcome: Welcome
        /// When the account of `from` was made: new ones may ask fewer people.
        package var senderSince: Timestamp

        package init(welcome: Welcome, senderSince: Timestamp) {
            self.welcome = welcome
            self.senderSince = senderSince
        }
    }
}

/// `GET /internal/deleted-users?after=<id>&limit=<n>` of Auth: the accounts that are gone, for whoever has not followed its feed
/// so far back.
package struct DeletedUsers: Codable, Sendable {
    package var epoch: UUID
    /// Of the feed, in the same snapshot.
    package var position: Int64
    /// In the order of their ids; fewer than asked for at the end.
    package var users: [UserID]

    package init(epoch: UUID, position: Int64, users: [UserID]) {
        self.epoch = epoch
        self.position = position
        self.users = users
    }
}

/// `GET /internal/snapshot` of Auth: what a service must know before it may trust a token.
package struct AuthSnapshot: Codable, Sendable {
    package var epoch: UUID
    package var position: Int64
    /// The public keys, a JSON Web Key Set (RFC 7517) as text.
    package var jwks: String
    /// The revoked sessions of which a token could still be unexpired.
    package var revoked: [RevokedSession]

    package init(epoch: UUID, position: Int64, jwks: String, revoked: [RevokedSession]) {
        self.epoch = epoch
        self.position = position
        self.jwks = jwks
        self.revoked = revoked
    }
}

package struct RevokedSession: Codable, Hashable, Sendable {
    package var session: SessionID
    package var user: UserID
    /// When the last token of this session has expired by itself, and the revocation can be forgotten.
    package var until: Timestamp

    package init(session: SessionID, user: UserID, until: Timestamp) {
        self.session = session
        self.user = user
        self.until = until
    }
}

/// One row of Auth's change feed.
package enum AuthChange: Codable, Hashable, Sendable {
    case sessionRevoked(RevokedSession)
    /// The whole new set of public keys, as in ``AuthSnapshot``.
    case keys(jwks: String)
    /// A new or changed profile.
    case profile(Profile)
    case privacy(UserPrivacy)
    /// An account that is gone; its profile has no name any more, which a row before this one tells.
    case userDeleted(UserID)
}
