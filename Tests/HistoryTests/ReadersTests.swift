import ChatAPI
import Foundation
import HTTPTypes
import Redis
import ServiceKit
import Testing
import TestServers

@testable import History

struct ReadersTests {
    @Test func `a message's readers are the others who were there, the first first`() async throws {
        try await HistoryFixture.with { history in
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            for user in [UserID.bob, .carol] {
                try await history.change(
                    .memberAdded(chatroom: .lobby, user: user, by: .alice, role: .member, showsHistory: true))
            }
            try await history.send("a")
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .mallory, by: .alice, role: .member, showsHistory: true))
            let message = MessageID(chatroom: .lobby, seq: 4)
            func read() async throws -> [UserID] {
                try await history.cursors.readers(of: message, for: .alice).filter { $0.at != nil }.map(\.user)
            }
            #expect(try await read() == [])
            _ = try await history.cursors.move(to: 3, in: .lobby, of: .carol)
            #expect(try await read() == [])
            for user in [UserID.carol, .mallory] { _ = try await history.cursors.move(to: 5, in: .lobby, of: user) }
            try await history.send("b", from: .bob)
            #expect(try await read() == [.carol, .bob])
            let all = try await history.cursors.readers(of: message, for: .bob)
            #expect(all.map(\.user) == [.carol, .bob])
            for (user, seq) in [(UserID(404), Seq(4)), (.alice, 1), (.alice, 99)] {
                await #expect(throws: HistoryError.messageNotFound) {
                    try await history.cursors.readers(of: MessageID(chatroom: .lobby, seq: seq), for: user)
                }
            }
        }
    }

    @Test func `of one's own message in a chatroom that all others have left nobody is a reader`() async throws {
        try await HistoryFixture.with { history in
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            try await history.send("a")
            #expect(try await history.cursors.readers(of: MessageID(chatroom: .lobby, seq: 2), for: .alice) == [])
        }
    }

    @Test func `many cursors are moved at once, one named twice to the farther place`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.direct(.cellar, .alice, .carol)
            for text in ["a", "b", "c"] { try await history.send(text) }
            let moved = try await history.cursors.move([
                MoveCursors.Item(userId: .bob, chatroomId: .lobby, seq: 2),
                MoveCursors.Item(userId: .bob, chatroomId: .cellar, seq: 1),
                MoveCursors.Item(userId: .bob, chatroomId: .lobby, seq: 1),
                MoveCursors.Item(userId: .alice, chatroomId: .lobby, seq: 1),
            ])
            #expect(moved.map { $0?.cursor.seq } == [2, nil, 2, 3])
            #expect(moved.map { $0?.isNew } == [true, nil, true, false])
        }
    }

    @Test func `over HTTP readers come with their profiles, and a stranger is told nothing`() async throws {
        try await ServiceFixture.with { history in
            history.others.name(.bob, "Bob")
            let room = try await history.direct(.alice, .bob)
            _ = await history.send("a", to: room)
            let path = "/chatrooms/\(room)/messages/1/readers"
            let before = try await history.call(.get, path, as: .alice)
            #expect(before.text == #"{"readers":[],"unread":[{"id":2,"nickname":"Bob","username":"bob"}]}"#)
            _ = try await history.call(.put, "/chatrooms/\(room)/cursor", as: .bob, #"{"seq":1}"#)
            let after = try await history.call(.get, path, as: .alice)
            #expect(after.text.hasSuffix(#""user":{"id":2,"nickname":"Bob","username":"bob"}}],"unread":[]}"#))
            #expect(try await history.call(.get, path, as: .mallory).code == "message_not_found")
            #expect(try await history.call(.get, path, as: nil).status == .unauthorized)
        }
    }

    @Test func `who does not let others see how far they have read is neither shown nor told`() async throws {
        try await withRedis { url in
            try await ServiceFixture.with(redisURL: url) { history in
                let room = try await history.group(.alice, .bob, .carol)
                history.others.keepSecret(.bob)
                let receipt = await history.send("a", to: room).receipt
                let path = "/chatrooms/\(room)/messages/\(try #require(receipt).seq)/readers"
                let redis = try Redis(urls: [url], logger: .tests)
                let (heard, continuation) = AsyncStream.makeStream(of: String.self)
                redis.listen(onMessage: { continuation.yield(String(decoding: $0.payload, as: UTF8.self)) })
                try await redis.subscribe(BusChannel.chatroom(room))
                for user in [UserID.bob, .carol] {
                    _ = try await history.call(.put, "/chatrooms/\(room)/cursor", as: user, #"{"seq":9}"#)
                    await history.parts.readAnnouncer.publish()
                }
                var iterator = heard.makeAsyncIterator()
                #expect(await iterator.next()?.contains(#""userId":3"#) == true)
                await redis.close()
                struct Shown: Decodable {
                    struct Item: Decodable { let user: Profile }
                    let readers: [Item]
                    let unread: [Profile]
                }
                let shown = try await history.call(.get, path, as: .alice).decode(Shown.self)
                #expect(shown.readers.map(\.user.id) == [.carol] && shown.unread.isEmpty)
                let untold = try await history.call(.get, path, as: .bob).decode(Shown.self)
                #expect(untold.readers.isEmpty && untold.unread.isEmpty)
                // Another mind, told by Auth's feed.
                history.parts.receipts.apply(UserPrivacy(user: .bob, privacy: .usual), at: 1)
                let told = try await history.call(.get, path, as: .bob).decode(Shown.self)
                #expect(Set(told.readers.map(\.user.id)) == [.bob, .carol])
                let both = try await history.call(.get, path, as: .alice).decode(Shown.self)
                #expect(Set(both.readers.map(\.user.id)) == [.bob, .carol])
            }
        }
    }

    @Test func `reading is told once for each reader and chatroom, as far as they came, and only if they did`()
        async throws
    {
        try await withRedis { url in
            try await ServiceFixture.with(redisURL: url) { history in
                let room = try await history.direct(.alice, .bob)
                for text in ["a", "b", "c"] { _ = await history.send(text, to: room) }
                let redis = try Redis(urls: [url], logger: .tests)
                let (heard, continuation) = AsyncStream.makeStream(of: String.self)
                redis.listen(onMessage: { continuation.yield(String(decoding: $0.payload, as: UTF8.self)) })
                try await redis.subscribe(BusChannel.chatroom(room))
                let places = MoveCursors(cursors: [
                    MoveCursors.Item(userId: .bob, chatroomId: room, seq: 2),
                    MoveCursors.Item(userId: .mallory, chatroomId: room, seq: 2),
                ])
                let answer = try await history.internalCall("cursors", places).decode(MoveCursors.Answer.self)
                #expect(answer.cursors == [2, nil])
                for seq in [1, 3, 3] {
                    _ = try await history.call(.put, "/chatrooms/\(room)/cursor", as: .bob, #"{"seq":\#(seq)}"#)
                }
                await history.parts.readAnnouncer.publish()
                await history.parts.readAnnouncer.publish()
                _ = await history.send("d", to: room)
                var messages = heard.makeAsyncIterator()
                #expect(await messages.next() == #"0 ["read",{"chatroomId":\#(room),"seq":3,"userId":2}]"#)
                #expect(await messages.next()?.hasPrefix("4 ") == true)
                await redis.close()
            }
        }
    }

    @Test func `whoever is mentioned sees it in the chat list until they have read it`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            func mentioned() async throws -> [Bool] {
                try await history.chatList.chatrooms(of: .bob, after: nil, limit: 5).map(\.mentioned)
            }
            try await history.send("a")
            #expect(try await mentioned() == [false])
            try await history.send("you", mentions: [.bob])
            #expect(try await mentioned() == [true])
            try await history.wish(.recall, for: 2)
            #expect(try await mentioned() == [false])
            try await history.send("you there", mentions: [.bob])
            _ = try await history.cursors.move(to: 4, in: .lobby, of: .bob)
            #expect(try await mentioned() == [false])
        }
    }
}
