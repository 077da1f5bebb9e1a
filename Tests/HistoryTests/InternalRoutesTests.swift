import ChatAPI
import Foundation
import HTTPTypes
import ServiceKit
import Testing

@testable import History

struct InternalRoutesTests {
    @Test func `a batch is answered in order, each message with its receipt or its refusal`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            let twice = UUID()
            let answer = try await history.internalCall(
                "messages",
                AppendMessages(messages: [
                    .text("a", to: room, clientId: twice), .text("", to: room), .text("b", from: .mallory, to: room),
                    .text("c", from: .bob, to: room), .text("a", to: room, clientId: twice),
                    .text("other", to: room, clientId: twice),
                ]))
            #expect(answer.status == .ok)
            let results = try answer.decode(AppendMessages.Answer.self).results
            #expect(results.map { $0.receipt?.seq } == [1, nil, nil, 2, 1, nil])
            #expect(
                results.map { $0.error?.code } == [
                    nil, "invalid_request", "chatroom_not_found", nil, nil, "client_id_conflict",
                ])
            #expect(results[0].receipt == results[4].receipt)
            #expect(results[0].receipt?.id == MessageID(chatroom: room, seq: 1))
            #expect(results[1].error?.fields?.keys.sorted() == ["message.content"])
        }
    }

    @Test func `what one call sends to a chatroom keeps its order`() async throws {
        try await ServiceFixture.with { history in
            let rooms = [try await history.direct(.alice, .bob), try await history.direct(.alice, .bob)]
            let items = (0..<600).map { AppendMessages.Item.text("\($0)", to: rooms[$0 % 2]) }
            let results = await history.parts.appender.append(items)
            for (index, result) in results.enumerated() { #expect(result.receipt?.seq == Seq(index / 2 + 1)) }
        }
    }

    @Test func `a file is attached before its message is stored, and the message bears Media's answer`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            let file = MediaFile(
                id: UUID(), url: "/api/media/files/1/tea.png", name: "tea.png", type: "image/png", size: 3)
            history.others.add(file)
            let clientId = UUID()
            let image = MessageBody(type: .image, content: "", mediaId: file.id)
            let unknown = MessageBody(type: .file, content: "", mediaId: UUID())
            let results = await history.parts.appender.append([
                AppendMessages.Item(senderId: .alice, chatroomId: room, clientId: clientId, message: image),
                AppendMessages.Item(senderId: .alice, chatroomId: room, clientId: UUID(), message: unknown),
            ])
            #expect(results.map { $0.receipt?.seq } == [1, nil])
            #expect(results[1].error?.code == "media_not_found")
            let attached = try #require(history.others.attached.first { $0.mediaId == file.id })
            #expect(attached.senderId == .alice)
            #expect(attached.chatroomId == room)
            #expect(attached.clientId == clientId)
            let page = try await PageStore(postgres: history.parts.databases.reading)
                .page(of: room, at: .newest, limit: 5, for: .bob)
            #expect(page.messages.first?.message(senders: [:])?.media == file)
        }
    }

    @Test func `Media is told which messages carry a file: those that were stored with one`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            let file = MediaFile(
                id: UUID(), url: "/api/media/files/1/tea.png", name: "tea.png", type: "image/png", size: 3)
            history.others.add(file)
            let (carrier, text, never) = (UUID(), UUID(), UUID())
            _ = await history.parts.appender.append([
                AppendMessages.Item(
                    senderId: .alice, chatroomId: room, clientId: carrier,
                    message: MessageBody(type: .image, content: "", mediaId: file.id)),
                .text("a", to: room, clientId: text),
            ])
            func message(_ client: UUID, from sender: UserID = .alice) -> ReleaseMedia.Item {
                ReleaseMedia.Item(chatroomId: room, senderId: sender, clientId: client)
            }
            let answer = try await history.internalCall(
                "media-carriers",
                LookupCarriers(messages: [
                    message(carrier), message(text), message(never), message(carrier, from: .bob),
                ])
            ).decode(LookupCarriers.Answer.self)
            #expect(answer.messages == [message(carrier)])
        }
    }

    @Test func `heads are of chatrooms that have a log`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            _ = await history.send("a", to: room)
            let answer = try await history.internalCall("heads", LookupHeads(chatroomIds: [room, ChatroomID(404)]))
                .decode(LookupHeads.Answer.self)
            #expect(answer.heads == [room: 1])
        }
    }

    @Test func `a range holds what lies in it, up to its limit, and says whether there is more`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            for text in ["a", "b", "c", "d"] { _ = await history.send(text, to: room) }
            let ranges = [
                LookupEntries.Range(chatroomId: room, after: 0, limit: 100),
                LookupEntries.Range(chatroomId: room, after: 1, upTo: 3, limit: 100),
                LookupEntries.Range(chatroomId: room, after: 1, upTo: 4, limit: 2),
                LookupEntries.Range(chatroomId: room, after: 4, limit: 100),
                LookupEntries.Range(chatroomId: room, after: 99, upTo: 100, limit: 100),
                LookupEntries.Range(chatroomId: ChatroomID(404), after: 0, limit: 100),
            ]
            let answer = try await history.internalCall("entries", LookupEntries(ranges: ranges))
                .decode(LookupEntries.Answer.self)
            #expect(
                answer.ranges.map { $0.entries.compactMap { BusEntry($0)?.seq } } == [
                    [1, 2, 3, 4], [2, 3], [2, 3], [], [], [],
                ])
            #expect(answer.ranges.map(\.more) == [false, false, true, false, false, false])
            #expect(answer.ranges.map(\.head) == [4, 4, 4, 4, 4, 0])
        }
    }

    @Test func `one message is told as one user sees it, to Social alone`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            let seq = try #require(await history.send("buy now", from: .bob, to: room).receipt?.seq)
            func seen(_ seq: Seq, by user: UserID, key: String = "local-key-of-social") async throws
                -> ServiceFixture.Answered
            {
                let asked = LookupSeenMessage(userId: user, messageId: MessageID(chatroom: room, seq: seq))
                return try await history.internalCall("messages/seen", asked, key: key)
            }
            let told = try await seen(seq, by: .alice).decode(LookupSeenMessage.Answer.self).message
            #expect(told == SeenMessage(senderId: .bob, content: "buy now"))
            for (seq, user) in [(seq + 1, UserID.alice), (seq, .mallory)] {
                #expect(try await seen(seq, by: user).decode(LookupSeenMessage.Answer.self).message == nil)
            }
            #expect(try await seen(seq, by: .alice, key: "local-key-of-gateway").status == .unauthorized)
        }
    }

    @Test func `numbers below 0 are refused`() async throws {
        try await ServiceFixture.alone { history in
            for range in [
                LookupEntries.Range(chatroomId: .lobby, after: -1, limit: 1),
                LookupEntries.Range(chatroomId: .lobby, after: 0, upTo: .min, limit: 1),
                LookupEntries.Range(chatroomId: .lobby, after: 0, limit: -1),
            ] {
                let answer = try await history.internalCall("entries", LookupEntries(ranges: [range]))
                #expect(answer.status == .badRequest)
            }
        }
    }

    @Test func `who waits for the feed is answered when it is applied`() async throws {
        try await ServiceFixture.with { history in
            _ = try await history.direct(.alice, .bob)
            let position = history.others.change(.friendAdded(.alice, .bob))
            async let answered = history.internalCall("caught-up", AwaitFeed(feed: "social", position: position))
            try await history.parts.socialFeed.read()
            #expect(try await answered.decode(AwaitFeed.Answer.self).position == position)
            let now = try await history.internalCall("caught-up", AwaitFeed(feed: "social", position: 1))
            #expect(try now.decode(AwaitFeed.Answer.self).position == position)
            #expect(
                try await history.internalCall("caught-up", AwaitFeed(feed: "auth", position: 1)).status == .badRequest)
        }
    }

    @Test func `nobody without the key of a service is let in`() async throws {
        try await ServiceFixture.alone { history in
            for path in ["messages", "heads", "views", "entries", "caught-up"] {
                let answer = try await history.internalCall(path, ["a": 1], key: "local-key-of-nobody")
                #expect(answer.status == .unauthorized)
            }
        }
    }
}
