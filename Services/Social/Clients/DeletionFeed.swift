import ChatAPI
import HTTPTypes
import Logging
import ServiceKit
import ServiceLifecycle

/// Follows Auth's feed for the accounts that are gone, from where it was left: what was missed while no instance ran is
/// made up for. Several instances may do so at once, as doing it again changes nothing.
struct DeletionFeed: Service {
    private let reader: ChangeFeedReader<AuthChange>

    /// - Parameter announce: told the position of Social's own feed after each deletion.
    init(
        auth: ServiceClient, deletions: DeletionStore, logger: Logger,
        announce: @escaping @Sendable (_ position: Int64?) -> Void
    ) {
        self.reader = ChangeFeedReader(
            of: auth, logger: logger,
            restart: {
                if let stored = try await deletions.position(), try await Self.goesOn(from: stored, at: auth) {
                    return stored
                }
                return try await Self.catchUp(with: auth, deletions, announce)
            },
            apply: { changes in
                for change in changes {
                    guard case .userDeleted(let user) = change.what else { continue }
                    announce(try await deletions.remove(user).position)
                }
                if let last = changes.last { try await deletions.advance(to: last.position) }
            })
    }

    /// Whether the feed has still got all that comes after a place.
    private static func goesOn(from place: FeedPosition, at auth: ServiceClient) async throws -> Bool {
        let feed: Changes<AuthChange> = try await auth.call(
            .get, "/internal/changes?after=\(place.position)&limit=1")
        guard feed.epoch == place.epoch, feed.position >= place.position else { return false }
        return feed.position == place.position || feed.changes.first?.position == place.position + 1
    }

    /// Makes up for whatever was missed, by who is gone now.
    private static func catchUp(
        with auth: ServiceClient, _ deletions: DeletionStore, _ announce: (Int64?) -> Void
    ) async throws -> FeedPosition {
        var start: FeedPosition?
        var last: Int64 = 0
        while true {
            let page: DeletedUsers = try await auth.call(.get, "/internal/deleted-users?after=\(last)&limit=1000")
            // Who is gone since this page was read is in the feed after it.
            start = start ?? FeedPosition(epoch: page.epoch, position: page.position)
            for user in try await deletions.unknown(among: page.users) {
                announce(try await deletions.remove(user).position)
            }
            guard page.users.count == 1_000, let user = page.users.last else { break }
            last = user.rawValue
        }
        guard let start else { throw RequestError.unavailable }
        try await deletions.follow(from: start)
        return start
    }

    /// A hint from the bus that Auth's feed has come so far.
    func poke(_ position: Int64) { self.reader.poke(position) }

    /// Where the reader is, for operators.
    var status: ServiceStatus.Feed { self.reader.status }

    func run() async throws { try await self.reader.run() }

    /// Reads once; for tests.
    func read() async throws { try await self.reader.read() }
}
