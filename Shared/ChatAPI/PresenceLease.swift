/// Who is online, as Gateways keep it in Redis: leases that end by themselves, all of which may vanish at any time.
///
/// A bucket of users is a sorted set at ``key(of:)``, each user with the time at which their lease ends, in milliseconds of
/// the server's clock. ``sinceKey(of:)`` beside it holds when it was begun: younger than ``grace``, it was wiped, and
/// whoever is missing in it may still be online.
package enum PresenceLease {
    /// How long somebody whose last socket went is still online: a storm of reconnections makes nobody seem to leave.
    package static let grace = Duration.seconds(15)
    package static let buckets: Int64 = 16

    package static func bucket(of user: UserID) -> Int64 { user.rawValue % self.buckets }
    package static func key(of bucket: Int64) -> String { "presence:\(bucket)" }
    package static func sinceKey(of bucket: Int64) -> String { "presence:\(bucket):since" }
}
