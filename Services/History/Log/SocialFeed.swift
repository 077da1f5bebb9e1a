import ChatAPI
import Foundation
import HTTPTypes
import Logging
import ServiceKit
import ServiceLifecycle

/// Follows Social's change feed into the log. Several instances may do so at once: the database lets each change in once.
///
/// After a restore of Social, which gives its feed another epoch, the memberships here are compared with Social's own, and
/// the feed is followed from there; so too where Social keeps no longer what comes next here.
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
                let position = try await Self.position(memberships, social, publisher, logger)
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

    /// Where the reader is, for operators.
    var status: ServiceStatus.Feed { self.reader.status }

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
    /// - Throws: ``ServiceUnavailable`` where Social was restored to an earlier state and its feed has no other epoch:
    ///   nothing is applied until it has one.
    private static func position(
        _ memberships: MembershipStore, _ social: ServiceClient, _ publisher: EntryPublisher, _ logger: Logger
    ) async throws -> FeedPosition {
        let (epoch, position) = try await memberships.position()
        let now = try await Self.changes(after: position, of: social)
        if epoch == nil { try await memberships.begin(epoch: now.epoch) }
        let old = FeedPosition(epoch: epoch ?? now.epoch, position: position)
        guard old.epoch == now.epoch else {
            logger.warning(
                "Social's feed is of another epoch: memberships are compared", metadata: ["epoch": "\(now.epoch)"])
            return try await Self.compare(memberships, social, publisher, since: old)
        }
        guard now.position >= position else {
            throw ServiceUnavailable(
                service: "social", reason: "its feed has gone back to \(now.position) in one epoch")
        }
        guard now.position == position || now.changes.first?.position == position + 1 else {
            logger.warning(
                "Social's feed goes on without what comes next: memberships are compared",
                metadata: ["after": "\(position)"])
            return try await Self.compare(memberships, social, publisher, since: old)
        }
        return old
    }

    /// - Returns: where the log is in the feed of the new epoch.
    private static func compare(
        _ memberships: MembershipStore, _ social: ServiceClient, _ publisher: EntryPublisher, since old: FeedPosition
    ) async throws -> FeedPosition {
        let (told, new) = try await Self.snapshot(of: social)
        for chatroom in Set(told.chatrooms.keys).union(try await memberships.chatrooms()).sorted() {
            let entries = try await memberships.compare(chatroom, with: told.chatrooms[chatroom], since: old)
            guard let entries else { break }
            await publisher.publish(entries)
        }
        try await memberships.follow(from: new, since: old)
        // Another instance may have done the last of it, and be further already.
        let (epoch, position) = try await memberships.position()
        guard let epoch, FeedPosition(epoch: epoch, position: position) != old else {
            throw ServiceUnavailable(service: "social", reason: "its feed was followed on while it was compared")
        }
        return FeedPosition(epoch: epoch, position: position)
    }

    /// Who is in which chatroom, page by page, and then what has changed since the first page: as each row tells how
    /// something is from then on, it may be applied to a page that had seen it already.
    private static func snapshot(of social: ServiceClient) async throws -> (SocialMemberships, FeedPosition) {
        var told = SocialMemberships()
        var start: FeedPosition?
        var last: Int64 = 0
        while true {
            let page: MembershipSnapshot = try await social.call(
                .get, "/internal/chatrooms?after=\(last)&limit=\(Self.chatroomsPerPage)")
            start = start ?? FeedPosition(epoch: page.epoch, position: page.position)
            guard start?.epoch == page.epoch else {
                throw ServiceUnavailable(service: "social", reason: "it was restored while it was read")
            }
            for change in page.chatrooms.flatMap(\.changes) { told.apply(change) }
            guard page.chatrooms.count == Self.chatroomsPerPage, let chatroom = page.chatrooms.last else { break }
            last = chatroom.id.rawValue
        }
        guard var position = start else { preconditionFailure("there is a first page") }
        while true {
            let page: Changes<SocialChange> = try await social.call(
                .get, "/internal/changes?after=\(position.position)&limit=1000")
            guard position.epoch == page.epoch,
                page.changes.first?.position ?? position.position + 1 == position.position + 1
            else {
                throw ServiceUnavailable(
                    service: "social", reason: "its feed lacks changes after \(position.position)")
            }
            for change in page.changes { told.apply(change.what) }
            position.position = page.changes.last?.position ?? position.position
            if page.changes.isEmpty || position.position >= page.position { return (told, position) }
        }
    }

    private static let chatroomsPerPage = 500

    private static func changes(after position: Int64, of social: ServiceClient) async throws -> Changes<SocialChange> {
        try await social.call(.get, "/internal/changes?after=\(position)&limit=1")
    }
}
