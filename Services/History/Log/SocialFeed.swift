import ChatAPI
import Foundation
import HTTPTypes
import Logging
import ServiceKit
import ServiceLifecycle

/// Follows Social's change feed into the log. Several instances may do so at once: the database lets each change in once.
struct SocialFeed: Service {
    private let reader: ChangeFeedReader<SocialChange>
    private let memberships: MembershipStore
    /// Asks how far Social itself is.
    private let newest: Batcher<Void, Int64>

    init(
        social: ServiceClient, memberships: MembershipStore, publisher: EntryPublisher,
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.memberships = memberships
        self.newest = Batcher(name: "newest_membership") { askers in
            let changes = try await Self.changes(after: ChatroomID.allowed.upperBound, of: social)
            return askers.map { changes.position }
        }
        self.reader = ChangeFeedReader(
            of: social, clock: clock, logger: logger,
            restart: {
                let position = try await Self.position(memberships, social)
                logger.info("following the memberships", metadata: ["position": "\(position.position)"])
                return position
            },
            apply: { changes in try await Self.apply(changes, memberships, publisher) })
    }

    /// A hint from the bus that the feed has come so far.
    func poke(_ position: Int64) { self.reader.poke(position) }

    /// Waits until changes up to `position` are in the log.
    ///
    /// - Returns: how far it is; below `position` when the time is over.
    func waitUntil(position: Int64, timeout: Duration) async throws -> Int64 {
        let stored = try await self.memberships.position().position
        return stored >= position ? stored : await self.reader.waitUntil(position: position, timeout: timeout)
    }

    /// How far the memberships are surely known here.
    var known: Int64 { self.reader.position?.position ?? 0 }

    /// Catches up with Social, before somebody is told that they are not in a chatroom: they may have entered it just now.
    ///
    /// - Parameter known: how far the memberships were known before the question was put.
    /// - Returns: whether the answer may be another now. Where Social cannot be asked, what is known holds.
    func catchUp(since known: Int64) async -> Bool {
        guard let newest = try? await self.newest.submit(()), newest > known else { return false }
        return await self.reader.waitUntil(position: newest, timeout: .seconds(1)) > known
    }

    func run() async throws { try await self.reader.run() }

    /// Reads once; for tests.
    func read() async throws { try await self.reader.read() }

    private static func apply(
        _ changes: [Change<SocialChange>], _ memberships: MembershipStore, _ publisher: EntryPublisher
    ) async throws {
        for change in changes {
            switch try await memberships.apply(change) {
            case .now(let entry): await publisher.publish(entry.map { [$0] } ?? [])
            case .before: break
            case .missing(let position):
                throw ServiceUnavailable(service: "social", reason: "its feed lacks changes after \(position)")
            }
        }
    }

    /// Where the log is in the feed.
    ///
    /// - Throws: ``ServiceUnavailable`` where Social was restored to an earlier state: its positions may name other
    ///   changes now, and nothing is applied until an operator has compared the memberships.
    private static func position(_ memberships: MembershipStore, _ social: ServiceClient) async throws -> FeedPosition {
        let (epoch, position) = try await memberships.position()
        let now = try await Self.changes(after: position, of: social)
        if epoch == nil { try await memberships.begin(epoch: now.epoch) }
        guard epoch ?? now.epoch == now.epoch, now.position >= position else {
            throw ServiceUnavailable(service: "social", reason: "its feed is another one (epoch \(now.epoch))")
        }
        return FeedPosition(epoch: now.epoch, position: position)
    }

    private static func changes(after position: Int64, of social: ServiceClient) async throws -> Changes<SocialChange> {
        try await social.call(.get, "/internal/changes?after=\(position)&limit=1")
    }
}
