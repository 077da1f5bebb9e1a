import ChatAPI
import Foundation
import Postgres
import Redis
import ServiceKit
import Testing
import TestServers

@testable import History

struct PublishingTests {
    /// What is published on a channel, from when the subscription is confirmed.
    private func listening(
        to channel: String, at url: String, _ body: (inout AsyncStream<String>.Iterator) async throws -> Void
    ) async throws {
        let redis = try Redis(urls: [url], logger: .tests)
        let (messages, continuation) = AsyncStream.makeStream(of: String.self)
        redis.listen(onMessage: { continuation.yield(String(decoding: $0.payload, as: UTF8.self)) })
        try await redis.subscribe(channel)
        var iterator = messages.makeAsyncIterator()
        try await body(&iterator)
        await redis.close()
    }

    @Test func `entries are published in the order of their seq, as they are answered later`() async throws {
        try await withRedis { url in
            try await ServiceFixture.with(redisURL: url) { history in
                history.others.name(.alice, "Alice")
                let room = try await history.direct(.alice, .bob)
                try await self.listening(to: BusChannel.chatroom(room), at: url) { messages in
                    await withTaskGroup(of: Void.self) { senders in
                        for sender in [UserID.alice, .bob] {
                            senders.addTask {
                                for text in 0..<100 { _ = await history.send("\(text)", from: sender, to: room) }
                            }
                        }
                    }
                    var heard: [String] = []
                    while heard.count < 200, let message = await messages.next() { heard.append(message) }
                    let range = LookupEntries.Range(chatroomId: room, after: 0, limit: 1_000)
                    let stored = try await history.internalCall("entries", LookupEntries(ranges: [range]))
                        .decode(LookupEntries.Answer.self).ranges[0].entries
                    #expect(heard.compactMap { BusEntry($0)?.seq } == Array(1...200))
                    #expect(heard == stored)
                    #expect(heard.contains { $0.contains(#""sender":{"id":1,"nickname":"Alice"}"#) })
                }
            }
        }
    }

    @Test func `a repeated client id is published again, unless its body is another`() async throws {
        try await withRedis { url in
            try await ServiceFixture.with(redisURL: url) { history in
                let room = try await history.direct(.alice, .bob)
                try await self.listening(to: BusChannel.chatroom(room), at: url) { messages in
                    let id = UUID()
                    _ = await history.send("a", to: room, clientId: id)
                    let first = await messages.next()
                    let receipts = await history.parts.appender.append(
                        (0..<100).map { _ in .text("a", to: room, clientId: id) })
                    #expect(Set(receipts.map { $0.receipt?.seq }) == [1])
                    #expect(await messages.next() == first)
                    _ = await history.send("b", to: room, clientId: id)
                    _ = await history.send("c", to: room)
                    #expect(await messages.next().flatMap { BusEntry($0) }?.seq == 2)
                }
            }
        }
    }

    @Test func `a change of membership is published with whom it lets in or out`() async throws {
        try await withRedis { url in
            try await ServiceFixture.with(redisURL: url) { history in
                let room = ChatroomID(.random(in: 1_000_000...1_000_000_000_000))
                try await self.listening(to: BusChannel.chatroom(room), at: url) { messages in
                    history.others.change(
                        .groupCreated(chatroom: room, name: "tea", owner: .alice),
                        .memberAdded(chatroom: room, user: .bob, by: .alice, role: .member, showsHistory: true),
                        .memberRemoved(chatroom: room, user: .bob, by: .alice))
                    try await history.parts.socialFeed.read()
                    var passages: [BusEntry.Passage?] = []
                    for _ in 0..<3 { passages.append(await messages.next().flatMap { BusEntry($0)?.passage }) }
                    #expect(passages == [.enters(.alice), .enters(.bob), .leaves(.bob)])
                }
            }
        }
    }

    @Test func `the beacon tells every head that was written lately, and beats when there is none`() async throws {
        let server = try await PrivateRedis.start()
        try await ServiceFixture.with(redisURL: server.url) { history in
            try await self.listening(to: BusChannel.heads, at: server.url) { messages in
                await history.parts.beacon.read()
                await history.parts.beacon.beat()
                #expect(await messages.next() == "{}")
                let room = try await history.direct(.alice, .bob)
                for text in ["a", "b"] { _ = await history.send(text, to: room) }
                await history.parts.beacon.read()
                await history.parts.beacon.beat()
                #expect(await messages.next() == #"{"\#(room)":2}"#)
                // The database may be slow or away: nothing was read since.
                await history.parts.beacon.beat()
                #expect(await messages.next() == "{}")
                // As if half a minute had gone by.
                try await history.parts.databases.reading.execute(
                    "UPDATE history.entries SET created_at = created_at - interval '30 seconds'")
                await history.parts.beacon.read()
                await history.parts.beacon.beat()
                #expect(await messages.next() == "{}")
            }
        }
        await server.stop()
    }
}
