import ChatAPI
import Foundation
import HTTPTypes
import Postgres
import ServiceKit
import Testing
import TestServers

@testable import History

/// A real streaming replica beside the primary, in every state it can be in: what is read is never older than what was told.
struct ReadReplicaTests {
    private static func with(
        _ body: @Sendable (ServiceFixture, PrivatePostgres, ReadServer) async throws -> Void
    ) async throws {
        let primary = try await PrivatePostgres.start()
        // The schema is there before the replica is.
        try await ServiceFixture.with(url: primary.url) { _ in }
        let replica = try await primary.replica()
        let result: Result<Void, any Error>
        do {
            let environment = ["HISTORY_READ_URLS": replica.url]
            try await ServiceFixture.with(url: primary.url, environment: environment) { history in
                try await body(history, replica, try await ReadServer(history))
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await replica.stop()
        await primary.stop()
        try result.get()
    }

    /// Which server answers those who read.
    struct ReadServer {
        private let history: ServiceFixture
        private let primary: Int32

        init(_ history: ServiceFixture) async throws {
            self.history = history
            self.primary = try await history.parts.databases.reading.one("SELECT inet_server_port()")
        }

        var isReplica: Bool {
            get async throws {
                let port: Int32 = try await self.history.parts.reader.one("SELECT inet_server_port()")
                return port != self.primary
            }
        }

        func expectPrimary() async throws {
            let isReplica = try await self.isReplica
            #expect(!isReplica)
        }

        /// Asks until the replica answers: after a failure it is passed over for a second.
        func awaitReplica() async throws {
            let deadline = ContinuousClock.now + .seconds(30)
            while try await !self.isReplica { try #require(.now < deadline, "the replica is not read again") }
        }
    }

    /// What a member is shown by everything that may be read from a replica.
    private func reads(_ history: ServiceFixture, _ room: ChatroomID, as user: UserID, _ text: String) async throws {
        let page = try await history.call(.get, "/chatrooms/\(room)/messages", as: user)
        #expect(page.status == .ok && page.text.contains(#""content":"\#(text)""#), "\(page.text)")
        let list = try await history.call(.get, "/chatrooms", as: user)
        #expect(list.status == .ok && list.text.contains(#""content":"\#(text)""#), "\(list.text)")
        let export = try await history.call(.get, "/export", as: .alice)
        #expect(export.status == .ok && export.text.contains(#""content":"\#(text)""#), "\(export.text)")
        try await history.parts.indexer.round()
        let found = try await history.call(.get, "/search?query=\(text)", as: user)
        #expect(found.status == .ok && found.text.contains(#""content":"\#(text)""#), "\(found.text)")
    }

    @Test(.timeLimit(.minutes(2)))
    func `what was said is read at once, mostly from a replica`() async throws {
        try await Self.with { history, _, server in
            let room = try await history.direct(.alice, .bob)
            try await server.awaitReplica()
            for number in 1...20 {
                _ = await history.send("word\(number)", to: room)
                try await self.reads(history, room, as: .bob, "word\(number)")
            }
            try await server.awaitReplica()
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a replica that lags is not read until it has caught up`() async throws {
        try await Self.with { history, replica, server in
            let room = try await history.direct(.alice, .bob)
            try await server.awaitReplica()
            let control = Postgres(try replica.configuration(), logger: .tests)
            try await control.execute("SELECT pg_wal_replay_pause()")
            _ = await history.send("secret", to: room)
            try await server.expectPrimary()
            try await self.reads(history, room, as: .bob, "secret")
            #expect(try await history.call(.delete, "/chatrooms/\(room)/messages/1", as: .alice).status == .noContent)
            for path in ["/chatrooms/\(room)/messages", "/chatrooms", "/search?query=secret", "/export"] {
                let answer = try await history.call(.get, path, as: .alice)
                #expect(answer.status == .ok && !answer.text.contains("secret"), "\(path): \(answer.text)")
            }
            // A read cursor is no entry of the log.
            let read = try await history.call(.put, "/chatrooms/\(room)/cursor", as: .bob, #"{"seq":2}"#)
            #expect(read.status == .ok)
            #expect(try await history.call(.get, "/chatrooms", as: .bob).text.contains(#""unread":0"#))
            try await control.execute("SELECT pg_wal_replay_resume()")
            await control.close()
            try await server.awaitReplica()
            #expect(try await history.call(.get, "/chatrooms", as: .bob).text.contains(#""unread":0"#))
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a replica that hangs, dies or comes back fails nobody`() async throws {
        try await Self.with { history, replica, server in
            let room = try await history.direct(.alice, .bob)
            try await server.awaitReplica()
            try await replica.hang()
            _ = await history.send("first", to: room)
            try await self.reads(history, room, as: .bob, "first")
            try await replica.goOn()
            try await server.awaitReplica()
            try await replica.kill()
            _ = await history.send("second", to: room)
            try await self.reads(history, room, as: .bob, "second")
            try await replica.startAgain()
            try await server.awaitReplica()
            try await self.reads(history, room, as: .bob, "second")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a replica that was promoted, or is of another epoch, is none`() async throws {
        try await Self.with { history, replica, server in
            let room = try await history.direct(.alice, .bob)
            try await server.awaitReplica()
            let control = Postgres(try replica.configuration(), logger: .tests)
            let isPromoted: Bool = try await control.one("SELECT pg_promote()")
            #expect(isPromoted)
            // Its log goes on beyond the primary's.
            try await control.execute("UPDATE history.epochs SET epoch = gen_random_uuid()")
            await control.close()
            _ = await history.send("first", to: room)
            try await server.expectPrimary()
            try await self.reads(history, room, as: .bob, "first")
        }
    }
}
