import ChatAPI
import Foundation
import HTTPTypes
import Redis
import ServiceKit
import Testing
import TestServers

@testable import History

struct ChangeRoutesTests {
    private let thumb = "%F0%9F%91%8D"

    @Test func `a message is edited, reacted to and recalled, and the answer is how it is then`() async throws {
        try await ServiceFixture.with { history in
            history.others.name(.alice, "Alice")
            let room = try await history.direct(.alice, .bob)
            _ = await history.send("gren tea", to: room)
            let path = "/chatrooms/\(room)/messages/1"
            let edited = try await history.call(.patch, path, as: .alice, #"{"content":"green tea"}"#)
            #expect(edited.status == .ok)
            #expect(try edited.decode(Message.self).content == "green tea")
            #expect(try edited.decode(Message.self).editedAt != nil)
            #expect(try edited.decode(Message.self).sender.nickname == "Alice")
            let reacted = try await history.call(.put, "\(path)/reactions/\(self.thumb)", as: .bob)
            #expect(try reacted.decode(Message.self).reactions == [Reaction(emoji: "👍", userIds: [.bob])])
            let unreacted = try await history.call(.delete, "\(path)/reactions/\(self.thumb)", as: .bob)
            #expect(try unreacted.decode(Message.self).reactions == nil)
            #expect(unreacted.status == .ok)
            #expect(try await history.call(.delete, path, as: .bob).code == "forbidden")
            #expect(try await history.call(.delete, path, as: .alice).status == .noContent)
            #expect(try await history.call(.delete, path, as: .alice).status == .noContent)
            let late = try await history.call(.patch, path, as: .alice, #"{"content":"x"}"#)
            #expect(late.status == .conflict)
            #expect(late.code == "message_recalled")
            let page = try await history.call(.get, "/chatrooms/\(room)/messages", as: .bob)
            #expect(page.text.contains(#""recalled":true"#))
            #expect(!page.text.contains("tea"))
            let sync = try await history.call(.post, "/sync", as: .bob, #"{"cursors":{"\#(room)":0}}"#)
            #expect(!sync.text.contains("tea"))
            #expect(sync.text.contains(#""head":5"#))
        }
    }

    @Test func `O01: a stranger cannot tell a message from one that does not exist`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            _ = await history.send("secret", to: room)
            for id in [room, ChatroomID(404)] {
                for (method, path, body) in [
                    (HTTPRequest.Method.patch, "/chatrooms/\(id)/messages/1", #"{"content":"x"}"#),
                    (.delete, "/chatrooms/\(id)/messages/1", nil),
                    (.put, "/chatrooms/\(id)/messages/1/reactions/\(self.thumb)", nil),
                    (.delete, "/chatrooms/\(id)/messages/1/reactions/\(self.thumb)", nil),
                ] {
                    let stranger = try await history.call(method, path, as: .mallory, body)
                    #expect(stranger.status == .notFound)
                    #expect(stranger.code == "chatroom_not_found")
                    #expect(try await history.call(method, path, as: nil, body).status == .unauthorized)
                }
            }
        }
    }

    @Test func `O09: what is no number, no emoji and no text is refused`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            _ = await history.send("a", to: room)
            for id in ["-1", "0", "9223372036854775808", "1e3", "1.5", "1%20OR%201=1", "%00", "%D9%A1"] {
                for (method, path, body) in [
                    (HTTPRequest.Method.patch, "/chatrooms/\(id)/messages/1", #"{"content":"x"}"#),
                    (.patch, "/chatrooms/\(room)/messages/\(id)", #"{"content":"x"}"#),
                    (.delete, "/chatrooms/\(room)/messages/\(id)", nil),
                    (.put, "/chatrooms/\(room)/messages/\(id)/reactions/\(self.thumb)", nil),
                ] {
                    let answer = try await history.call(method, path, as: .alice, body)
                    #expect([400, 404].contains(answer.status.code), "\(method) \(path): \(answer.status)")
                }
            }
            for emoji in ["ab", "%20", "%00", "%FF", "%"] {
                let path = "/chatrooms/\(room)/messages/1/reactions/\(emoji)"
                #expect(try await history.call(.put, path, as: .alice).status == .badRequest, "\(emoji)")
            }
            let long = String(repeating: "x", count: 4_001)
            for body in [
                "{}", #"{"content":""}"#, #"{"content":1}"#, #"{"content":"\u0000"}"#, #"{"content":"\#(long)"}"#,
            ] {
                let answer = try await history.call(.patch, "/chatrooms/\(room)/messages/1", as: .alice, body)
                #expect(answer.status == .badRequest)
                #expect(answer.code == "invalid_request")
            }
        }
    }

    @Test func `a change is published in its place`() async throws {
        try await withRedis { url in
            try await ServiceFixture.with(redisURL: url) { history in
                let room = try await history.direct(.alice, .bob)
                let redis = try Redis(urls: [url], logger: .tests)
                let (heard, continuation) = AsyncStream.makeStream(of: String.self)
                redis.listen(onMessage: { continuation.yield(String(decoding: $0.payload, as: UTF8.self)) })
                try await redis.subscribe(BusChannel.chatroom(room))
                _ = await history.send("a", to: room)
                let path = "/chatrooms/\(room)/messages/1"
                _ = try await history.call(.patch, path, as: .alice, #"{"content":"b"}"#)
                _ = try await history.call(.patch, path, as: .alice, #"{"content":"b"}"#)
                _ = try await history.call(.put, "\(path)/reactions/\(self.thumb)", as: .bob)
                _ = try await history.call(.delete, path, as: .alice)
                var messages = heard.makeAsyncIterator()
                var entries: [BusEntry] = []
                while entries.count < 4, let message = await messages.next() {
                    entries.append(try #require(BusEntry(message)))
                }
                #expect(entries.map(\.seq) == [1, 2, 3, 4])
                #expect(entries.map { $0.event.contains(#"["change",{"#) } == [false, true, true, true])
                await redis.close()
            }
        }
    }

    @Test func `when a message with a file is recalled, Media is told, once it can be`() async throws {
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
            for seq in 1...2 { _ = try await history.call(.delete, "/chatrooms/\(room)/messages/\(seq)", as: .alice) }
            try await history.parts.releaser.release()
            try await history.parts.releaser.release()
            #expect(
                history.others.released == [
                    ReleaseMedia.Item(chatroomId: room, senderId: .alice, clientId: clientId)
                ])
            let page = try await history.call(.get, "/chatrooms/\(room)/messages", as: .bob)
            #expect(!page.text.contains("a.png"))
        }
    }
}
