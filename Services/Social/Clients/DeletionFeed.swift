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
                let feed: Changes<AuthChange> = try await auth.call(.get, "/internal/changes?after=0&limit=1")
                if let stored = try await deletions.position(), stored.epoch == feed.epoch { return stored }
                let start = FeedPosition(epoch: feed.epoch, position: 0)
                try await deletions.begin(at: start)
                return start
            },
            apply: { changes in
                for change in changes {
                    guard case .userDeleted(let user) = change.what else { continue }
                    announce(try await deletions.remove(user).position)
                }
                if let last = changes.last { try await deletions.advance(to: last.position) }
            })
    }

    /// A hint from the bus that Auth's feed has come so far.
    func poke(_ position: Int64) { self.reader.poke(position) }

    /// Where the reader is, for operators.
    var status: ServiceStatus.Feed { self.reader.status }

    func run() async throws { try await self.reader.run() }

    /// Reads once; for tests.
    func read() async throws { try await self.reader.read() }
}
