import ChatAPI
import Foundation
import HTTPTypes
import Postgres
import ServiceKit
import Testing
import TestServers

@testable import History

struct FaultTests {
    @Test func `without Redis and without the other services messages are stored and acknowledged`() async throws {
        let redis = try await PrivateRedis.start()
        await redis.stop()
        try await withDatabase { url in
            try await ServiceFixture.with(url: url, redisURL: redis.url) { history in
                let room = try await history.direct(.alice, .bob)
                #expect(await history.send("a", to: room).receipt?.seq == 1)
            }
            // Social, Auth and Media are away now, too.
            try await ServiceFixture.alone(url: url, redisURL: redis.url) { history in
                let rooms = try await history.parts.heads.views(of: [.alice]).users[0].chatrooms
                let room = try #require(rooms.first?.id)
                #expect(await history.send("b", to: room).receipt?.seq == 2)
                let page = try await history.call(.get, "/chatrooms/\(room)/messages", as: .bob)
                #expect(page.status == .ok)
                #expect(page.text.contains(#""nickname":"""#))
            }
        }
    }

    @Test func `while PostgreSQL is away all is unavailable for now, and comes back by itself`() async throws {
        let server = try await PrivatePostgres.start()
        try await ServiceFixture.with(url: server.url) { history in
            let room = try await history.direct(.alice, .bob)
            let id = UUID()
            #expect(await history.send("a", to: room, clientId: id).receipt?.seq == 1)
            try await server.kill()
            async let sent = history.send("b", to: room)
            async let page = history.call(.get, "/chatrooms/\(room)/messages", as: .bob)
            #expect(await sent.error?.code == "unavailable")
            #expect(await sent.error?.retryAfter == 1)
            #expect(try await page.status == .serviceUnavailable)
            #expect(try await page.headers[.retryAfter] == "1")
            #expect(try await page.code == "unavailable")
            try await server.startAgain()
            // The pool connects again by itself; until then statements wait.
            var receipt: MessageReceipt?
            for _ in 0..<20 where receipt == nil {
                receipt = await history.send("a", to: room, clientId: id).receipt
            }
            #expect(receipt?.seq == 1)
            #expect(await history.send("c", to: room).receipt?.seq == 2)
        }
        await server.stop()
    }

    @Test func `a message that cannot be stored fails alone`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            try await history.parts.databases.reading.execute(
                "ALTER TABLE history.entries ADD CHECK (body ->> 'content' <> 'poison')")
            let texts = ["a", "b", "poison", "c", "d", "e", "poison", "f"]
            let results = await history.parts.appender.append(texts.map { .text($0, to: room) })
            #expect(results.map { $0.receipt?.seq } == [1, 2, nil, 3, 4, 5, nil, 6])
            #expect(results[2].error?.code == "unavailable")
        }
    }

    @Test func `a locked chatroom does not keep the others of its batch waiting for ever`() async throws {
        try await ServiceFixture.with { history in
            let locked = try await history.direct(.alice, .bob)
            let free = try await history.direct(.alice, .bob)
            let writing = history.parts.databases.writing
            let writer = BatchWriter(
                entries: EntryStore(postgres: writing, patience: .milliseconds(20)),
                publisher: EntryPublisher(redis: history.parts.redis, profiles: history.parts.profiles, logger: .tests),
                logger: .tests)
            try await history.parts.databases.reading.transaction { transaction in
                try await transaction.execute(
                    "SELECT FROM history.chatroom_heads WHERE chatroom_id = \(locked.rawValue) FOR UPDATE")
                let outcomes = await writer.write([try .text("a", to: locked), try .text("b", to: free)])
                #expect(outcomes[0] == .failure(.unavailable))
                #expect(try outcomes[1].get().seq == 1)
            }
        }
    }

    @Test func `a batch whose connection is lost is sent again, and stored once`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            let reading = history.parts.databases.reading
            let result = try await reading.transaction { transaction in
                try await transaction.execute(
                    "SELECT FROM history.chatroom_heads WHERE chatroom_id = \(room.rawValue) FOR UPDATE")
                let sent = Task { await history.send("a", to: room) }
                // The batch waits for the lock; then its connection is cut.
                var isCut = false
                while !isCut {
                    let cut: [Bool] = try await transaction.all(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event_type = 'Lock'
                        """)
                    isCut = cut.contains(true)
                }
                return sent
            }.value
            #expect(result.receipt?.seq == 1)
            #expect(try await history.parts.heads.heads(of: [room]) == [room: 1])
        }
    }

    @Test func `who has just come into a chatroom is heard there, before the feed was read`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            history.others.change(
                .memberAdded(chatroom: room, user: .carol, by: .alice, role: .member, showsHistory: true))
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await history.parts.socialFeed.run() }
                #expect(await history.send("here I am", from: .carol, to: room).receipt?.seq == 2)
                group.cancelAll()
            }
            #expect(await history.send("a", from: .mallory, to: room).error?.code == "chatroom_not_found")
        }
    }
}
