import ChatAPI
import Foundation
import HTTPTypes
import ServiceKit
import Testing

@testable import History

struct HistoryRoutesTests {
    @Test func `who is not signed in reads nothing`() async throws {
        try await ServiceFixture.alone { history in
            for (method, path, body) in [
                (HTTPRequest.Method.get, "/chatrooms", nil), (.get, "/chatrooms/1/messages", nil),
                (.put, "/chatrooms/1/cursor", #"{"seq":1}"#), (.post, "/sync", #"{"cursors":{}}"#),
                (.get, "/favorites", nil), (.post, "/favorites", #"{"messageId":"1.1"}"#),
                (.delete, "/favorites/1.1", nil),
            ] {
                let answer = try await history.call(method, path, as: nil, body)
                #expect(answer.status == .unauthorized, "\(method) \(path)")
            }
        }
    }

    @Test func `a stranger cannot tell a chatroom or a message from one that does not exist`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            _ = await history.send("secret", to: room)
            for id in [room, ChatroomID(404)] {
                let page = try await history.call(.get, "/chatrooms/\(id)/messages", as: .mallory)
                #expect(page.status == .notFound)
                #expect(page.code == "chatroom_not_found")
                let cursor = try await history.call(.put, "/chatrooms/\(id)/cursor", as: .mallory, #"{"seq":1}"#)
                #expect(cursor.code == "chatroom_not_found")
                let kept = try await history.call(.post, "/favorites", as: .mallory, #"{"messageId":"\#(id).1"}"#)
                #expect(kept.status == .notFound)
                #expect(kept.code == "message_not_found")
                let thrown = try await history.call(.delete, "/favorites/\(id).1", as: .mallory)
                #expect(thrown.code == "favorite_not_found")
                let sync = try await history.call(.post, "/sync", as: .mallory, #"{"cursors":{"\#(id)":0}}"#)
                #expect(sync.text.hasSuffix(#""chatrooms":[]}"#))
            }
        }
    }

    @Test func `numbers that are none are refused, never a failure`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            for id in ["-1", "0", "9223372036854775808", "1e3", "1.5", "1%20OR%201=1", "%00", "%D9%A1", "1.1.1"] {
                for (method, path, body) in [
                    (HTTPRequest.Method.get, "/chatrooms/\(id)/messages", nil),
                    (.put, "/chatrooms/\(id)/cursor", #"{"seq":1}"#), (.delete, "/favorites/\(id)", nil),
                    (.delete, "/favorites/\(room).\(id)", nil), (.post, "/favorites", #"{"messageId":"\#(id)"}"#),
                    (.get, "/chatrooms/\(room)/messages?limit=\(id)", nil),
                    (.get, "/favorites?cursor=\(id).1.1.1", nil),
                    (.get, "/chatrooms?cursor=\(id).1.1.1", nil), (.post, "/sync", #"{"cursors":{"\#(id)":0}}"#),
                ] {
                    let answer = try await history.call(method, path, as: .alice, body)
                    #expect(
                        [400, 404].contains(answer.status.code), "\(method) \(path) \(body ?? ""): \(answer.status)")
                }
                guard id != "0" else { continue }
                for name in ["before", "after", "around"] {
                    let answer = try await history.call(.get, "/chatrooms/\(room)/messages?\(name)=\(id)", as: .alice)
                    #expect(answer.status == .badRequest, "\(name)=\(id)")
                }
            }
            for seq in ["-1", "9223372036854775808", "1.5", #""1""#, "null", "[]"] {
                for (method, path, body) in [
                    (HTTPRequest.Method.put, "/chatrooms/\(room)/cursor", #"{"seq":\#(seq)}"#),
                    (.post, "/sync", #"{"cursors":{"\#(room)":\#(seq)}}"#),
                ] {
                    let answer = try await history.call(method, path, as: .alice, body)
                    #expect(answer.status == .badRequest, "\(path) \(body)")
                    #expect(answer.code == "invalid_request")
                }
            }
            let both = try await history.call(.get, "/chatrooms/\(room)/messages?before=1&after=1", as: .alice)
            #expect(both.status == .badRequest)
            let keys = (1...1_001).map { #""\#($0)":0"# }.joined(separator: ",")
            #expect(
                try await history.call(.post, "/sync", as: .alice, #"{"cursors":{\#(keys)}}"#).status == .badRequest)
            let high = try await history.call(
                .put, "/chatrooms/\(room)/cursor", as: .alice, #"{"seq":9223372036854775807}"#)
            #expect(high.text == #"{"seq":0,"unread":0}"# || high.text == #"{"unread":0,"seq":0}"#)
        }
    }

    @Test func `the chat list tells head, unread and the last message with its sender`() async throws {
        try await ServiceFixture.with { history in
            history.others.name(.alice, "Alice")
            let room = try await history.direct(.alice, .bob)
            _ = await history.send("first", to: room)
            _ = await history.send("second", to: room)
            let list = try await history.call(.get, "/chatrooms", as: .bob).decode(Listed.self)
            let chatroom = try #require(list.chatrooms.first)
            #expect(chatroom.chatroomId == room)
            #expect(chatroom.head == 2)
            #expect(chatroom.unread == 2)
            #expect(chatroom.mentioned == false)
            #expect(chatroom.last?.content == "second")
            #expect(chatroom.last?.sender.nickname == "Alice")
            #expect(list.next == nil)
            let page = try await history.call(.get, "/chatrooms/\(room)/messages?limit=1", as: .bob).decode(Paged.self)
            #expect(page.messages.map(\.content) == ["second"])
            #expect(page.messages.map(\.sender.nickname) == ["Alice"])
            #expect(page.head == 2)
            let read = try await history.call(.put, "/chatrooms/\(room)/cursor", as: .bob, #"{"seq":1}"#)
            #expect(try read.decode(ReadTo.self) == ReadTo(seq: 1, unread: 1))
            #expect(try await history.call(.get, "/chatrooms", as: .bob).decode(Listed.self).chatrooms[0].unread == 1)
        }
    }

    @Test func `sync gives what lies after each cursor, byte for byte as it went to the bus`() async throws {
        try await ServiceFixture.with { history in
            history.others.name(.alice, "Alice")
            let room = try await history.direct(.alice, .bob)
            for text in ["a", "b", "c"] { _ = await history.send(text, to: room) }
            let range = LookupEntries.Range(chatroomId: room, after: 1, limit: 10)
            let entries = try await history.internalCall("entries", LookupEntries(ranges: [range]))
                .decode(LookupEntries.Answer.self)
            let events = entries.ranges[0].entries.compactMap { BusEntry($0)?.event }.joined(separator: ",")
            let sync = try await history.call(.post, "/sync", as: .bob, #"{"cursors":{"\#(room)":1}}"#)
            #expect(
                sync.text
                    == #"{"epoch":"\#(entries.epoch)","chatrooms":[{"id":\#(room),"entries":[\#(events)],"head":3,"more":false}]}"#
            )
            #expect(sync.headers[.contentType] == "application/json; charset=utf-8")
            let above = try await history.call(
                .post, "/sync", as: .bob, #"{"cursors":{"\#(room)":9223372036854775807}}"#)
            #expect(above.text.contains(#""entries":[],"head":3,"more":false"#))
        }
    }

    @Test func `a favorite is made with 201, then 200, listed with its message, and removed with 204`() async throws {
        try await ServiceFixture.with { history in
            history.others.name(.alice, "Alice")
            let room = try await history.direct(.alice, .bob)
            _ = await history.send("keep me", to: room)
            let body = #"{"messageId":"\#(room).1"}"#
            let made = try await history.call(.post, "/favorites", as: .bob, body)
            #expect(made.status == .created)
            #expect(try await history.call(.post, "/favorites", as: .bob, body).status == .ok)
            let list = try await history.call(.get, "/favorites?query=KEEP", as: .bob).decode(Kept.self)
            #expect(list.favorites.map(\.message.content) == ["keep me"])
            #expect(list.favorites.map(\.message.sender.nickname) == ["Alice"])
            #expect(list.favorites.map(\.messageId.description) == ["\(room).1"])
            #expect(list.favorites.map(\.chatroom.id) == [room])
            #expect(try made.decode(Favorite.self).createdAt == list.favorites[0].createdAt)
            let removed = try await history.call(.delete, "/favorites/\(room).1", as: .bob)
            #expect(removed.status == .noContent)
            #expect(removed.text == "")
            #expect(try await history.call(.delete, "/favorites/\(room).1", as: .bob).status == .notFound)
        }
    }

    private struct Listed: Decodable {
        let chatrooms: [ChatList.Item]
        let next: String?
    }

    private struct Paged: Decodable {
        let messages: [Message]
        let head: Seq
    }

    private struct Kept: Decodable {
        let favorites: [Favorite]
    }

    private struct ReadTo: Decodable, Equatable {
        let seq: Seq
        let unread: Int64
    }
}
