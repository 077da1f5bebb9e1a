import ChatAPI
import Foundation

/// Decides what becomes of somebody's wish to be another's friend. Knows no database and no clock.
struct FriendRequestRules: Sendable {
    /// Requests one may make in any 24 hours, also those that were taken back.
    var maxPerDay = 20
    /// The same while one's account is younger than ``newFor``.
    var maxPerDayWhenNew = 10
    var newFor = Duration.seconds(3 * 86_400)
    /// Requests of one's own that may wait for an answer at a time.
    var maxPending = 10
    /// How long one waits after a rejection before asking the same person again.
    var coolDown = Duration.seconds(24 * 3600)
    /// How long a request waits for an answer before it has expired.
    var lifetime = Duration.seconds(30 * 86_400)

    /// All that the decision rests on, read at one moment under the locks of both people.
    struct Situation: Sendable {
        var now: Date
        var areFriends = false
        /// Whether either has blocked the other.
        var isBlocked = false
        /// Whom the other takes requests from.
        var welcome = JudgeFriendRequest.Welcome.anyone
        var sharesGroup = false
        var pending: Pending?
        /// Of the one who asks now.
        var pendingSent = 0
        /// When the oldest of the newest requests that fill a day was made, if that was less than a day ago.
        var dayFullSince: Date?
        /// When the other last rejected the one who asks now.
        var rejectedAt: Date?
    }

    /// The request that waits between the two.
    struct Pending: Hashable, Sendable {
        var id: FriendRequestID
        /// Made by the one who asks now; otherwise the two requests cross.
        var isOwn: Bool
    }

    enum Decision: Hashable, Sendable {
        /// Make a request that waits.
        case ask
        /// The other has asked already: both are friends by this.
        case agree(FriendRequestID)
        case refuse(SocialError)
        /// Too many; to be tried again after so many seconds.
        case wait(Int)
    }

    /// Requests that somebody whose account was made then may make in any 24 hours.
    func maxPerDay(since: Date, now: Date) -> Int {
        let isNew = now.timeIntervalSince(since) < Double(self.newFor.components.seconds)
        return isNew ? min(self.maxPerDayWhenNew, self.maxPerDay) : self.maxPerDay
    }

    /// Agreeing to a crossed request is not asking, so neither quotas nor the other's wishes stand in its way.
    func decide(_ situation: Situation) -> Decision {
        if situation.areFriends { return .refuse(.alreadyFriends) }
        // The same answer whoever blocked whom.
        if situation.isBlocked { return .refuse(.forbidden) }
        if let pending = situation.pending {
            return pending.isOwn ? .refuse(.alreadyRequested) : .agree(pending.id)
        }
        switch situation.welcome {
        case .anyone: break
        case .sharesChatroom where situation.sharesGroup: break
        case .sharesChatroom, .nobody: return .refuse(.requestNotAllowed)
        }
        let waits = [
            situation.rejectedAt.flatMap { Self.left(of: self.coolDown, since: $0, now: situation.now) },
            situation.dayFullSince.flatMap { Self.left(of: .seconds(24 * 3600), since: $0, now: situation.now) },
            // Until somebody answers; there is no telling when, so once more in an hour.
            situation.pendingSent >= self.maxPending ? 3600 : nil,
        ]
        if let wait = waits.compactMap({ $0 }).max() { return .wait(wait) }
        return .ask
    }

    /// Whole seconds until `span` after `start` has passed; `nil` if it has.
    private static func left(of span: Duration, since start: Date, now: Date) -> Int? {
        let left = Double(span.components.seconds) - now.timeIntervalSince(start)
        return left > 0 ? Int(left.rounded(.up)) : nil
    }
}
