import ChatAPI
import Foundation
import HTTPTypes
import Postgres
import ServiceKit
import Testing

@testable import History

struct RetentionTests {
    private let usual = Duration.seconds(86_400)

    /// Alice and Bob's chatroom: messages 1 to 4, of which 1 was edited (5) and 2 liked (6); up to `seq` they are two days old.
    private func talk(old seq: Seq, _ body: (HistoryFixture, RetentionStore) async throws -> Void) async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            for text in ["secret one", "secret two", "three", "four"] { try await history.send(text, mentions: [.bob]) }
            try await history.wish(.edit("secret edit"), for: 1)
            try await history.wish(.react("👍"), for: 2, by: .bob)
            try await self.age(history, upTo: seq)
            try await body(history, RetentionStore(postgres: history.postgres, usual: self.usual))
        }
    }

    private func age(_ history: HistoryFixture, upTo seq: Seq, in chatroom: ChatroomID = .lobby) async throws {
        try await history.postgres.execute(
            """
            UPDATE history.entries SET created_at = created_at - interval '2 days'
            WHERE chatroom_id = \(chatroom.rawValue) AND seq <= \(seq)
            """)
    }

    private func floor(_ history: HistoryFixture, of chatroom: ChatroomID = .lobby) async throws -> Seq {
        try await history.postgres.one(
            "SELECT floor_seq FROM history.chatroom_heads WHERE chatroom_id = \(chatroom.rawValue)")
    }

    @Test func `what is old goes, and its places stay`() async throws {
        try await self.talk(old: 2) { history, retentions in
            #expect(try await retentions.chatroomsWithOld() == [.lobby])
            #expect(try await retentions.free(.lobby) == false)
            #expect(try await self.floor(history) == 2)
            #expect(try await retentions.chatroomsWithOld() == [])

            #expect(try await history.page().map(\.content) == ["three", "four"])
            let views = try await history.heads.views(of: [.alice, .bob]).users
            #expect(views.map { $0.chatrooms.map(\.from) } == [[3], [3]])
            let stored: [String] = try await history.postgres.all("SELECT body::text FROM history.entries")
            #expect(!stored.joined().contains("secret"))
            // No hole, and the change that lies above the floor goes with its message.
            let replay = try await history.replay()
            #expect(replay.map { $0.prefix(2) } == ["1 ", "2 ", "3 ", "4 ", "5 ", "6 "])
            #expect(replay[0].contains(#""recalled":true"#))
            #expect(replay[4].contains(#""content":"""#))
            let reactions: Int64 = try await history.postgres.one("SELECT count(*) FROM history.reactions")
            #expect(reactions == 0)
        }
    }

    @Test func `unread counts what is kept, and nobody is mentioned by what is not`() async throws {
        try await self.talk(old: 2) { history, retentions in
            #expect(try await history.chatList.chatrooms(of: .bob, after: nil, limit: 5).map(\.unread) == [4])
            _ = try await retentions.free(.lobby)
            let listed = try await history.chatList.chatrooms(of: .bob, after: nil, limit: 5)
            #expect(listed.map(\.unread) == [2])
            try await self.age(history, upTo: 6)
            _ = try await retentions.free(.lobby)
            let empty = try await history.chatList.chatrooms(of: .bob, after: nil, limit: 5)
            #expect(empty.map(\.unread) == [0])
            #expect(empty.map(\.mentioned) == [false])
            #expect(empty.map(\.last) == [nil])
            try await history.send("five")
            #expect(try await history.chatList.chatrooms(of: .bob, after: nil, limit: 5).map(\.unread) == [1])
        }
    }

    @Test func `a message that is kept no longer is not stored a second time`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            let clientId = UUID()
            #expect(try await history.send("one", clientId: clientId).seq == 1)
            try await self.age(history, upTo: 1)
            let retentions = RetentionStore(postgres: history.postgres, usual: self.usual)
            _ = try await retentions.free(.lobby)
            #expect(try await history.send("one", clientId: clientId).seq == 1)
            #expect(try await history.send("other", clientId: clientId).refusal == .clientIdConflict)
            #expect(try await history.send("two").seq == 2)
        }
    }

    @Test func `nothing can be done to a message that is kept no longer`() async throws {
        try await self.talk(old: 2) { history, retentions in
            _ = try await retentions.free(.lobby)
            for wish in [MessageWish.edit("x"), .recall, try .react("👍"), try .unreact("👍")] {
                await #expect(throws: HistoryError.messageNotFound) { try await history.wish(wish, for: 1) }
            }
            await #expect(throws: HistoryError.messageNotFound) {
                try await history.favorites.add(MessageID(chatroom: .lobby, seq: 1), for: .alice)
            }
        }
    }

    @Test func `a favorite stays as an empty place`() async throws {
        try await self.talk(old: 2) { history, retentions in
            for seq in [Seq(1), 3] {
                _ = try await history.favorites.add(MessageID(chatroom: .lobby, seq: seq), for: .bob)
            }
            _ = try await retentions.free(.lobby)
            let kept = try await history.favorites.favorites(of: .bob, containing: "", after: nil, limit: 5)
            #expect(kept.map(\.message.text) == ["three", ""])
            #expect(kept[1].message.message(senders: [:])?.recalled == true)
            #expect(try await history.favorites.favorites(of: .bob, containing: "sec", after: nil, limit: 5).isEmpty)
            try await history.favorites.remove(MessageID(chatroom: .lobby, seq: 1), of: .bob)
        }
    }

    @Test func `search forgets what goes, also where the index was behind`() async throws {
        try await self.talk(old: 2) { history, retentions in
            _ = try await history.index.index([.lobby], entries: 1)
            _ = try await retentions.free(.lobby)
            while try await !history.index.index([.lobby], entries: 200).isEmpty {}
            let places: [Seq] = try await history.postgres.all("SELECT seq FROM history.search_terms ORDER BY seq")
            #expect(places == [3, 4])
        }
    }

    @Test func `who comes later sees nothing below the floor, whatever the chatroom shows`() async throws {
        try await HistoryFixture.with { history in
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            for text in ["one", "two"] { try await history.send(text) }
            try await self.age(history, upTo: 2)
            _ = try await RetentionStore(postgres: history.postgres, usual: self.usual).free(.lobby)
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: true))
            #expect(try await history.page().map(\.content) == ["two"])
            #expect(try await history.chatList.chatrooms(of: .bob, after: nil, limit: 5).map(\.unread) == [1])
        }
    }

    @Test func `a chatroom keeps as it was told, and the others as usual`() async throws {
        try await HistoryFixture.with { history in
            for chatroom in [ChatroomID.lobby, .cellar] {
                try await history.direct(chatroom, .alice, .bob)
                try await history.send("one", to: chatroom)
                try await self.age(history, upTo: 1, in: chatroom)
            }
            let forEver = RetentionStore(postgres: history.postgres, usual: nil)
            #expect(try await forEver.chatroomsWithOld() == [])
            try await forEver.set(.seconds(3_600), of: .cellar)
            #expect(try await forEver.chatroomsWithOld() == [.cellar])
            try await forEver.set(nil, of: .cellar)
            #expect(try await forEver.chatroomsWithOld() == [])

            let days = RetentionStore(postgres: history.postgres, usual: self.usual)
            try await days.set(.forEver, of: .lobby)
            try await days.set(.seconds(7 * 86_400), of: .cellar)
            #expect(try await days.chatroomsWithOld() == [])
            try await days.set(.seconds(60), of: .cellar)
            #expect(try await days.chatroomsWithOld() == [.cellar])
            _ = try await days.free(.lobby)
            #expect(try await self.floor(history) == 0)
        }
    }

    @Test func `the floor stops at the first entry that is to be kept, and rises in steps`() async throws {
        try await self.talk(old: 6) { history, retentions in
            // Clocks order nothing: one that is newer than what follows it is kept, and so is what follows.
            try await history.postgres.execute(
                "UPDATE history.entries SET created_at = now() WHERE chatroom_id = \(ChatroomID.lobby.rawValue) AND seq = 5"
            )
            #expect(try await retentions.free(.lobby, entries: 3) == true)
            #expect(try await self.floor(history) == 3)
            #expect(try await retentions.free(.lobby, entries: 3) == false)
            #expect(try await self.floor(history) == 4)
            #expect(try await retentions.free(.lobby, entries: 3) == false)
            #expect(try await history.page() == [])
        }
    }

    @Test func `files are released, and the sweeper frees whatever there is`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            let file = MediaFile(id: UUID(), url: "/api/media/files/1/a.png", name: "a.png", type: "image/png", size: 3)
            history.others.add(file)
            let clientId = UUID()
            let image = MessageBody(type: .image, content: "", mediaId: file.id)
            _ = await history.parts.appender.append([
                AppendMessages.Item(senderId: .alice, chatroomId: room, clientId: clientId, message: image),
                .text("b", to: room),
            ])
            let answer = try await history.internalCall(
                "retention", SetRetention(chatroomId: room, keepSeconds: 3_600))
            #expect(answer.status == .noContent)
            try await history.parts.databases.reading.execute(
                """
                UPDATE history.entries SET created_at = created_at - interval '2 hours'
                WHERE chatroom_id = \(room.rawValue) AND seq = 1
                """)
            try await history.parts.sweeper.sweep()
            try await history.parts.releaser.release()
            #expect(
                history.others.released == [
                    ReleaseMedia.Item(chatroomId: room, senderId: .alice, clientId: clientId)
                ])
            let page = try await history.call(.get, "/chatrooms/\(room)/messages", as: .bob)
            #expect(!page.text.contains("a.png"))
            let refused = try await history.internalCall(
                "retention", SetRetention(chatroomId: room, keepSeconds: -1))
            #expect(refused.status == .badRequest)
        }
    }

    @Test func `messages and freeing at once leave no hole`() async throws {
        try await HistoryFixture.with(connections: 8) { history in
            try await history.direct(.lobby, .alice, .bob)
            for n in 0..<20 { try await history.send("\(n)") }
            try await self.age(history, upTo: 20)
            let retentions = RetentionStore(postgres: history.postgres, usual: self.usual)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for n in 0..<20 {
                    group.addTask { try await history.send("new \(n)") }
                    group.addTask { _ = try await retentions.free(.lobby, entries: 3) }
                    group.addTask { _ = try await history.index.index([.lobby], entries: 5) }
                }
                try await group.waitForAll()
            }
            #expect(try await self.floor(history) == 20)
            #expect(try await history.page().count == 20)
            let entries = try await history.ranges.entries(in: [LogPart(chatroom: .lobby, after: 0, upTo: 1_000)])[0]
            #expect(entries.map(\.seq) == Array(1...40))
            #expect(entries.map(\.ordinal) == Array(1...40))
        }
    }
}
