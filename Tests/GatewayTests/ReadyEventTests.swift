import ChatAPI
import Foundation
import Testing

@testable import Gateway

struct ReadyEventTests {
    @Test func `ready is the JSON that the contract names`() throws {
        let (session, epoch) = (UUID(), UUID())
        let plan = ReplayPlan(
            views: [
                ChatroomView(id: .lobby, head: 9, from: 4, joined: 4),
                ChatroomView(id: .garden, head: 5_000, from: 1, joined: 1),
            ], cursors: [.lobby: 8, .garden: 0], limits: .init())
        let ready = ReadyEvent(user: .alice, session: session, epoch: epoch, node: "g\"1", chatrooms: plan.chatrooms)
        let array = try JSONSerialization.jsonObject(with: Data(ready.text.utf8))
        let expected: [Any] = [
            "ready",
            [
                "user": 1, "session": session.uuidString.lowercased(), "epoch": epoch.uuidString.lowercased(),
                "node": "g\"1",
                "chatrooms": [
                    ["id": 10, "head": 9, "from": 4], ["id": 11, "head": 5_000, "from": 1, "behind": true],
                ],
            ] as [String: Any],
        ]
        #expect(array as? NSArray == expected as NSArray)
    }
}
