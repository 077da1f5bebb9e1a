import ChatAPI
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import ServiceKit
import Synchronization
import Testing

@testable import Social

/// Social hears of every account that is gone, also where Auth's feed no longer tells of it.
struct DeletionFeedTests {
    /// Auth, whose feed has been trimmed up to some place.
    private final class Auth: Sendable {
        struct State: Sendable {
            var epoch = UUID()
            var changes: [AuthChange] = []
            var trimmed = 0
            var deleted: [UserID] = []
        }

        let state = Mutex(State())

        func delete(_ user: UserID) {
            self.state.withLock { state in
                state.deleted = (state.deleted + [user]).sorted()
                state.changes.append(.userDeleted(user))
            }
        }

        var routes: Router<ServiceContext> {
            let router = Router(context: ServiceContext.self)
            router.get("internal/changes") { request, _ -> Changes<AuthChange> in
                let after = try request.query.require("after", as: Int.self)
                return self.state.withLock { state in
                    let rows = state.changes.enumerated().dropFirst(max(after, state.trimmed))
                    return Changes(
                        epoch: state.epoch, position: Int64(state.changes.count),
                        changes: rows.map { Change(position: Int64($0.offset + 1), what: $0.element) })
                }
            }
            router.get("internal/deleted-users") { request, _ -> DeletedUsers in
                let after = try request.query.require("after", as: Int64.self)
                return self.state.withLock { state in
                    DeletedUsers(
                        epoch: state.epoch, position: Int64(state.changes.count),
                        users: state.deleted.filter { $0.rawValue > after })
                }
            }
            return router
        }
    }

    @Test func `who was deleted before, while nobody looked, and since is gone here too`() async throws {
        let auth = Auth()
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let application = Application(
            router: auth.routes, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in continuation.yield(channel.localAddress?.port ?? 0) }, logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            for await port in ports.prefix(1) {
                try await withSocial { social in
                    func feed() -> DeletionFeed {
                        DeletionFeed(
                            auth: ServiceClient(
                                service: "auth", urls: ["http://127.0.0.1:\(port)"], key: "k", logger: quiet),
                            deletions: DeletionStore(postgres: social.postgres), logger: quiet
                        ) { _ in }
                    }
                    for friend in [UserID.bob, .carol, .dave] { try await social.befriend(.alice, friend) }
                    func friends() async throws -> [UserID] {
                        try await social.friends.friends(of: .alice, after: nil, limit: 10).map(\.user)
                    }
                    auth.delete(.bob)
                    auth.state.withLock { $0.trimmed = 1 }
                    let first = feed()
                    try await first.read()
                    #expect(try await friends() == [.carol, .dave])
                    auth.delete(.carol)
                    try await first.read()
                    #expect(try await friends() == [.dave])
                    // This instance is away while the feed goes on and is trimmed.
                    auth.delete(.dave)
                    auth.delete(UserID(5))
                    auth.state.withLock { $0.trimmed = 3 }
                    let second = feed()
                    try await second.read()
                    #expect(try await friends() == [])
                    #expect(try await DeletionStore(postgres: social.postgres).position()?.position == 4)
                    // A restore: another epoch, positions given twice.
                    try await social.befriend(.alice, UserID(6))
                    auth.state.withLock { state in
                        state.epoch = UUID()
                        state.changes = []
                        state.trimmed = 0
                    }
                    auth.delete(UserID(6))
                    try await second.read()
                    #expect(try await friends() == [])
                }
            }
            group.cancelAll()
        }
    }
}
