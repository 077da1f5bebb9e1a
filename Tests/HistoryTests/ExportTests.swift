import ChatAPI
import Foundation
import HTTPTypes
import ServiceKit
import Testing

@testable import History

struct ExportTests {
    private struct Line: Decodable {
        let kind: String
        let profile: Profile?
        let chatroom: Membership?
        let message: Message?
        let friend: KeptPerson?
        let file: MediaFile?
        let chatroomId: ChatroomID?
        let counts: [String: Int]?
    }

    private struct KeptPerson: Decodable {
        let user: Profile
        let remark: String?
    }

    private func export(_ history: ServiceFixture, of user: UserID) async throws -> [Line] {
        let answer = try await history.call(.get, "/export", as: user)
        #expect(answer.status == .ok)
        #expect(answer.text.hasSuffix("\n"))
        return try answer.text.split(separator: "\n").map { try JSONText.decode(Line.self, from: String($0)) }
    }

    @Test func `an export has one's own profile, chatrooms, messages and favorites, and what is not one's own not`()
        async throws
    {
        try await ServiceFixture.with { history in
            history.others.name(.bob, "Bob")
            let room = try await history.direct(.alice, .bob)
            _ = await history.send("from Alice", to: room)
            for n in 1...450 { _ = await history.send("from Bob \(n)", from: .bob, to: room) }
            _ = await history.send("secret", from: .bob, to: room)
            _ = try await history.call(.delete, "/chatrooms/\(room)/messages/452", as: .bob)
            _ = try await history.call(.post, "/favorites", as: .bob, #"{"messageId":"\#(room).1"}"#)
            let lines = try await self.export(history, of: .bob)
            #expect(lines.first?.profile?.nickname == "Bob")
            #expect(lines.compactMap(\.chatroom).map(\.id) == [room])
            let said = lines.filter { $0.kind == "message" }.compactMap(\.message)
            #expect(said.map(\.seq) == Array(2...452))
            #expect(Set(said.map(\.sender.id)) == [.bob])
            // O12
            #expect(said.last?.content == "")
            #expect(said.last?.recalled == true)
            #expect(lines.filter { $0.kind == "favorite" }.count == 1)
            #expect(lines.last?.kind == "end")
            #expect(
                lines.last?.counts
                    == ["friends": 0, "chatrooms": 1, "files": 0, "messages": 451, "favorites": 1])
        }
    }

    @Test func `an export has all friends, and all files with where they are`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            history.others.name(.carol, "Carol")
            history.others.befriend(.bob, with: KeptFriend(id: .carol, remark: "the tall one", since: .now))
            for number in 1...450 as ClosedRange<Int64> {
                history.others.befriend(.bob, with: KeptFriend(id: UserID(1_000 + number), remark: nil, since: .now))
            }
            let files = (0..<450).map { number in
                MediaFile(
                    id: UUID(), url: "/api/media/files/\(number)/a.txt", name: "a.txt", type: "text/plain", size: 1)
            }
            for file in files { history.others.own(.bob, OwnedFile(media: file, chatroomId: room)) }
            history.others.own(.alice, OwnedFile(media: files[0], chatroomId: nil))
            let lines = try await self.export(history, of: .bob)
            let friends = lines.compactMap(\.friend)
            #expect(friends.count == 451)
            #expect(friends.first?.user.nickname == "Carol" && friends.first?.remark == "the tall one")
            let exported = lines.filter { $0.kind == "file" }
            #expect(Set(exported.compactMap(\.file?.id)) == Set(files.map(\.id)) && exported.count == files.count)
            #expect(exported.allSatisfy { $0.chatroomId == room })
            #expect(lines.last?.counts?["friends"] == 451 && lines.last?.counts?["files"] == 450)
        }
    }

    @Test func `without those who know the friends and files there is no export, and not half of one`() async throws {
        try await ServiceFixture.alone { history in
            let answer = try await history.call(.get, "/export", as: .bob)
            #expect(answer.status == .serviceUnavailable)
        }
    }

    @Test func `who has nothing takes away nothing, and who is not signed in is not answered`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            _ = await history.send("secret", to: room)
            let lines = try await self.export(history, of: .mallory)
            #expect(lines.map(\.kind) == ["profile", "end"])
            #expect(lines.last?.counts?["messages"] == 0)
            #expect(try await history.call(.get, "/export", as: nil).status == .unauthorized)
        }
    }
}
