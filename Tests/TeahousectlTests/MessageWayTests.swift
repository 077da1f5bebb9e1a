import ChatAPI
import Foundation
import Testing

@testable import teahousectl

struct MessageWayTests {
    private let id = MessageID(chatroom: ChatroomID(17), seq: 42)
    private let sentAt = Timestamp(milliseconds: 1_800_000_000_000)

    private func at(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: self.sentAt.milliseconds + milliseconds)
    }

    private func entry(publishedAt: Timestamp?, since: Int64 = -60_000) -> ExplainedEntry {
        ExplainedEntry(
            instance: "h1", id: self.id, kind: "message", senderId: UserID(1), clientId: UUID(), createdAt: self.sentAt,
            head: 50, publishedAt: publishedAt, remembersSince: self.at(since))
    }

    private func delivery(
        _ node: String, acknowledged: Int64? = nil, delivered: Int64? = nil, last: Seq? = nil, since: Int64 = -60_000
    ) -> ExplainedDelivery {
        ExplainedDelivery(
            node: node, acknowledgedAt: acknowledged.map(self.at), deliveredAt: delivered.map(self.at),
            remembersSince: self.at(since),
            chatroom: last.map { .init(sockets: 3, isSubscribed: true, last: $0, newest: 50) })
    }

    private func way(
        _ entries: [ExplainedEntry], _ deliveries: [ExplainedDelivery], silent: [String] = []
    ) -> MessageWay {
        MessageWay(self.id, entries: entries, deliveries: deliveries, silent: silent)
    }

    @Test func `a message that came everywhere lacks nothing`() {
        let way = self.way(
            [self.entry(publishedAt: self.at(2))],
            [self.delivery("g1", acknowledged: 3, delivered: 4, last: 42), self.delivery("g2", delivered: 5, last: 42)])
        #expect(way.firstMissing == nil)
        #expect(way.hops.map(\.state) == [.yes, .yes, .yes, .yes, .yes])
        #expect(way.hops.compactMap(\.at) == [0, 3, 2, 4, 5].map(self.at))
    }

    @Test func `the first missing hop is named`() {
        #expect(self.way([], []).firstMissing?.what == "stored by History")
        #expect(
            self.way([self.entry(publishedAt: nil)], [self.delivery("g1", last: 41)]).firstMissing?.what
                == "put on the bus")
        #expect(
            self.way([self.entry(publishedAt: self.at(1))], [self.delivery("g1", last: 41)]).firstMissing?.what
                == "delivered by Gateway g1")
    }

    @Test func `what nobody can know is not missing`() {
        // Published before the process began to remember; replayed to sockets that came later; a node without the chatroom.
        let way = self.way(
            [self.entry(publishedAt: nil, since: 5_000)],
            [self.delivery("g1", last: 42), self.delivery("g2"), self.delivery("g3", since: 5_000)])
        #expect(way.firstMissing == nil)
        #expect(way.hops.map(\.state) == [.yes, .unknown, .unknown, .unknown, .idle, .idle])
        #expect(self.way([], [], silent: ["History at x"]).firstMissing == nil)
    }

    @Test func `of several instances the one that did it counts`() {
        let way = self.way(
            [self.entry(publishedAt: nil), self.entry(publishedAt: self.at(9))], [self.delivery("g1", acknowledged: 4)])
        #expect(way.hops[2].at == self.at(9))
        #expect(way.firstMissing == nil)
    }
}
