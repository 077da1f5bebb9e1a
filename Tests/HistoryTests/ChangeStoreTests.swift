import ChatAPI
import Foundation
import Postgres
import ServiceKit
import Testing

@testable import History

extension MessageWish {
    static func react(_ text: String) throws -> Self { .react(try Emoji(text)) }
    static func unreact(_ text: String) throws -> Self { .unreact(try Emoji(text)) }
}

struct ChangeStoreTests {
    /// A group of Alice, its owner, Bob and Carol; its first message has the seq 4.
    private func group(_ body: (HistoryFixture) async throws -> Void) async throws {
        try await HistoryFixture.with { history in
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            for user in [UserID.bob, .carol] {
                try await history.change(
                    .memberAdded(chatroom: .lobby, user: user, by: .alice, role: .member, showsHistory: true))
            }
            try await body(history)
        }
    }

    @Test func `an edit is an entry of the log, and pages show the message as it is now`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.send("gren tea")
            try await history.send("yes", from: .bob)
            let entry = try #require(try await history.wish(.edit("green tea"), for: 1))
            #expect(entry.seq == 3)
            #expect(entry.ordinal == 2)
            #expect(entry.content == .change(.edit, target: 1, StoredChange(content: "green tea")))
            let page = try await history.pages.page(of: .lobby, at: .newest, limit: 10, for: .bob)
            #expect(page.head == 3)
            let messages = page.messages.compactMap { $0.message(senders: [:]) }
            #expect(messages.map(\.content) == ["green tea", "yes"])
            #expect(messages.map(\.editedAt) == [entry.createdAt, nil])
            #expect(messages.map(\.recalled) == [nil, nil])
        }
    }

    @Test func `the text of every edit is kept, and replay tells each in its place`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.send("one")
            for text in ["two", "three"] { try await history.wish(.edit(text), for: 1) }
            let replay = try await history.replay()
            #expect(replay.count == 3)
            #expect(replay[0].contains(#""content":"one""#))
            #expect(replay[1].hasPrefix(#"2 ["change",{"chatroomId":10,"content":"two","createdAt":"#))
            #expect(replay[1].hasSuffix(#""id":"10.2","kind":"edit","seq":2,"target":1}]"#))
            #expect(replay[2].contains(#""content":"three""#))
            #expect(try await history.page().map(\.content) == ["three"])
        }
    }

    @Test func `what changes nothing makes no entry`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.send("one")
            #expect(try await history.wish(.edit("one"), for: 1) == nil)
            #expect(try await history.wish(.unreact("👍"), for: 1) == nil)
            #expect(try await history.wish(.edit("two"), for: 1)?.seq == 2)
            #expect(try await history.wish(.edit("two"), for: 1) == nil)
            #expect(try await history.wish(.edit("one"), for: 1)?.seq == 3)
            #expect(try await history.wish(.react("👍"), for: 1)?.seq == 4)
            #expect(try await history.wish(.react("👍"), for: 1) == nil)
            #expect(try await history.wish(.unreact("👍"), for: 1)?.seq == 5)
            #expect(try await history.wish(.recall, for: 1)?.seq == 6)
            #expect(try await history.wish(.recall, for: 1) == nil)
            #expect(try await history.heads.heads(of: [.lobby]) == [.lobby: 6])
        }
    }

    @Test func `one wish wished by many at once is one entry`() async throws {
        try await HistoryFixture.with(connections: 8) { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.send("one")
            for wish in [MessageWish.edit("two"), try .react("👍"), .recall] {
                let entries = try await withThrowingTaskGroup(of: Entry?.self) { group in
                    for _ in 0..<20 { group.addTask { try await history.wish(wish, for: 1) } }
                    return try await group.reduce(into: [Entry]()) { if let entry = $1 { $0.append(entry) } }
                }
                #expect(entries.count == 1)
            }
            #expect(try await history.replay().count == 4)
        }
    }

    @Test func `changes and messages at once leave no hole`() async throws {
        try await HistoryFixture.with(connections: 8) { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.send("first")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for n in 0..<30 {
                    group.addTask { try await history.send("\(n)", from: .bob) }
                    group.addTask { try await history.wish(.edit("first \(n)"), for: 1) }
                    group.addTask { try await history.wish(n % 2 == 0 ? .react("👍") : .unreact("👍"), for: 1) }
                }
                try await group.waitForAll()
            }
            let entries = try await history.ranges.entries(in: [LogPart(chatroom: .lobby, after: 0, upTo: 1_000)])[0]
            #expect(entries.map(\.seq) == Array(1...Seq(entries.count)))
            #expect(entries.last?.ordinal == 31)
            #expect(try await history.heads.heads(of: [.lobby]) == [.lobby: Seq(entries.count)])
            // What the page shows is what the log tells last.
            let edits = entries.compactMap { entry -> String? in
                if case .change(.edit, _, let change) = entry.content { change.content } else { nil }
            }
            let reactions = entries.compactMap { entry -> Bool? in
                if case .change(.reaction, _, let change) = entry.content { change.added } else { nil }
            }
            let first = try #require(try await history.page().first)
            #expect(first.content == edits.last)
            #expect(first.reactions?.count == (reactions.last == true ? 1 : nil))
        }
    }

    @Test func `nobody edits the message of another`() async throws {
        try await self.group { history in
            try await history.send("mine", from: .bob)
            for user in [UserID.alice, .carol] {
                await #expect(throws: HistoryError.forbidden) {
                    try await history.wish(.edit("yours"), for: 4, by: user)
                }
            }
            #expect(try await history.page().map(\.content) == ["mine"])
        }
    }

    @Test func `who may not see a message can do nothing to it`() async throws {
        try await self.group { history in
            try await history.send("before")
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .mallory, by: .alice, role: .member, showsHistory: false))
            for wish in [MessageWish.edit("x"), .recall, try .react("👍"), try .unreact("👍")] {
                for (seq, user, room, error) in [
                    (4, UserID.mallory, ChatroomID.lobby, HistoryError.messageNotFound),
                    // A system entry, and one that is not there yet.
                    (1, .alice, .lobby, .messageNotFound), (99, .alice, .lobby, .messageNotFound),
                    (4, UserID(404), .lobby, .chatroomNotFound), (4, .alice, .cellar, .chatroomNotFound),
                ] {
                    await #expect(throws: error) { try await history.wish(wish, for: Seq(seq), by: user, in: room) }
                }
            }
            #expect(try await history.replay().count == 5)
        }
    }

    @Test func `O12: of a recalled message nothing is left, in pages and in replay`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            let clientId = UUID()
            let body = MessageBody(type: .text, content: "secret one", mentions: [.bob])
            _ = try await history.entries.append([.text(body, clientId: clientId)])
            try await history.send("reply", from: .bob, replyTo: 1)
            try await history.wish(.edit("secret two"), for: 1)
            try await history.wish(.react("👍"), for: 1, by: .bob)
            _ = try await history.favorites.add(MessageID(chatroom: .lobby, seq: 1), for: .bob)
            let recall = try #require(try await history.wish(.recall, for: 1))
            #expect(recall.content == .change(.recall, target: 1, StoredChange(by: .alice)))
            let message = try #require(try await history.page().first)
            #expect(message.recalled == true)
            #expect(message.content == "")
            #expect(message.mentions == nil)
            #expect(message.reactions == nil)
            #expect(message.editedAt == nil)
            let replay = try await history.replay()
            #expect(replay.count == 5)
            #expect(replay[0].contains(#""recalled":true"#))
            #expect(!replay.joined().contains("secret"))
            let kept = try await history.favorites.favorites(of: .bob, containing: "", after: nil, limit: 5)
            #expect(kept.map { $0.message.message(senders: [:])?.content } == [""])
            #expect(try await history.chatList.chatrooms(of: .bob, after: nil, limit: 5).map(\.mentioned) == [false])
            let stored: [String] = try await history.postgres.all("SELECT body::text FROM history.entries")
            #expect(!stored.joined().contains("secret"))
            // Its client id still names it.
            let again = try await history.entries.append([.text(body, clientId: clientId)])
            #expect(again.map(\.seq) == [1])
            #expect(try await history.send("another", clientId: clientId).refusal == .clientIdConflict)
        }
    }

    @Test func `one's own message is recalled within the window, by owner and admin always`() async throws {
        try await self.group { history in
            for text in ["a", "b", "c"] { try await history.send(text, from: .bob) }
            try await history.send("d", from: .carol)
            await #expect(throws: HistoryError.forbidden) { try await history.wish(.recall, for: 7, by: .bob) }
            #expect(try await history.wish(.recall, for: 4, by: .bob)?.seq == 8)
            try await history.postgres.execute(
                "UPDATE history.entries SET created_at = created_at - interval '121 seconds' WHERE kind = 'message'")
            await #expect(throws: HistoryError.tooLateToRecall) { try await history.wish(.recall, for: 5, by: .bob) }
            #expect(try await history.wish(.recall, for: 5, by: .alice)?.seq == 9)
            // Carol becomes an admin, and is one no longer.
            func make(_ role: Role) async throws {
                try await history.change(
                    .memberUpdated(chatroom: .lobby, membership: Membership(id: .lobby, role: role), user: .carol))
            }
            try await make(.admin)
            #expect(try await history.wish(.recall, for: 6, by: .carol)?.seq == 10)
            try await make(.member)
            await #expect(throws: HistoryError.tooLateToRecall) { try await history.wish(.recall, for: 7, by: .carol) }
            #expect(try await history.page().map(\.recalled) == [true, true, true, nil])
        }
    }

    @Test func `what was recalled can be neither edited nor reacted to`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.send("one")
            try await history.wish(.recall, for: 1)
            for wish in [MessageWish.edit("two"), try .react("👍")] {
                await #expect(throws: HistoryError.messageRecalled) { try await history.wish(wish, for: 1) }
            }
            #expect(try await history.page().map(\.content) == [""])
        }
    }

    @Test func `reactions stand with the message, each emoji with who gave it, in order`() async throws {
        try await self.group { history in
            try await history.send("tea?")
            for (emoji, user) in [("👍", UserID.bob), ("🍵", .carol), ("👍", .alice), ("🍵", .bob)] {
                try await history.wish(.react(emoji), for: 4, by: user)
            }
            try await history.wish(.unreact("🍵"), for: 4, by: .carol)
            #expect(
                try await history.page().map(\.reactions) == [
                    [Reaction(emoji: "👍", userIds: [.bob, .alice]), Reaction(emoji: "🍵", userIds: [.bob])]
                ])
            #expect(
                try await history.replay().last?.hasSuffix(
                    #""emoji":"🍵","id":"10.9","kind":"reaction","seq":9,"target":4,"userId":3}]"#) == true)
        }
    }

    @Test func `one person has so many reactions to one message and no more`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.send("tea?")
            for n in 0..<ChangeStore.maxReactions {
                let letter = try #require(Unicode.Scalar(UInt32(0x4E00 + n)))
                try await history.wish(.react(String(letter)), for: 1)
            }
            await #expect(throws: HistoryError.tooManyReactions) { try await history.wish(.react("👍"), for: 1) }
            #expect(try await history.wish(.react("\u{4E00}"), for: 1) == nil)
            #expect(try await history.wish(.react("👍"), for: 1, by: .bob) != nil)
        }
    }

    @Test func `who may not write may not edit or react, but may take back`() async throws {
        try await self.group { history in
            try await history.send("one", from: .bob)
            try await history.wish(.react("👍"), for: 4, by: .bob)
            let silent = Membership(id: .lobby, role: .member, canSend: false)
            try await history.change(.memberUpdated(chatroom: .lobby, membership: silent, user: .bob))
            for wish in [MessageWish.edit("two"), try .react("🍵")] {
                await #expect(throws: HistoryError.forbidden) { try await history.wish(wish, for: 4, by: .bob) }
            }
            #expect(try await history.wish(.unreact("👍"), for: 4, by: .bob) != nil)
            #expect(try await history.wish(.recall, for: 4, by: .bob) != nil)
        }
    }

    @Test(arguments: ["👍", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "茶", "e\u{301}"])
    func `an emoji is one character`(text: String) throws { #expect(try Emoji(text).text == text) }

    @Test(arguments: ["", " ", "\n", "👍👍", "ab", "\u{0}", "e" + String(repeating: "\u{301}", count: 16)])
    func `what is no single character is no emoji`(text: String) {
        #expect(throws: RequestError.self) { try Emoji(text) }
    }
}
