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
        let messages: Int?
        let favorites: Int?
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
            #expect(lines.last?.messages == 451)
            #expect(lines.last?.favorites == 1)
        }
    }

    @Test func `who has nothing takes away nothing, and who is not signed in is not answered`() async throws {
        try await ServiceFixture.with { history in
            let room = try await history.direct(.alice, .bob)
            _ = await history.send("secret", to: room)
            let lines = try await self.export(history, of: .mallory)
            #expect(lines.map(\.kind) == ["profile", "end"])
            #expect(lines.last?.messages == 0)
            #expect(try await history.call(.get, "/export", as: nil).status == .unauthorized)
        }
    }
}
