import ChatAPI
import Foundation
import Postgres
import Synchronization
import Testing

@testable import History

struct DuplicateRaceTests {
    @Test func `8 clients with overlapping client ids store each message once, without a hole`() async throws {
        try await HistoryFixture.with(connections: 8) { history in
            let chatrooms = (1...6).map { ChatroomID($0) }
            let senders = (1...5).map { UserID($0) }
            for chatroom in chatrooms { try await history.change(.directCreated(chatroom: chatroom, members: senders)) }
            // The same messages for all clients: which of them sends one first is for the race to say.
            let messages = (0..<3_000).map { _ in
                Sent(
                    chatroom: chatrooms.randomElement() ?? .lobby, sender: senders.randomElement() ?? .alice,
                    clientId: UUID())
            }
            let answers = Answers()
            try await withThrowingTaskGroup(of: Void.self) { clients in
                for client in 0..<8 {
                    clients.addTask {
                        // Each client sends two thirds of them, in an order of its own.
                        var rest = messages.enumerated().filter { ($0.offset + client) % 3 != 0 }.map(\.element)
                            .shuffled()
                        while !rest.isEmpty {
                            let batch = Array(rest.prefix(Int.random(in: 1...40)))
                            rest.removeFirst(batch.count)
                            let outcomes = try await history.entries.append(
                                batch.map { sent in
                                    try .text(
                                        sent.clientId.uuidString, from: sent.sender, to: sent.chatroom,
                                        clientId: sent.clientId)
                                })
                            for (sent, outcome) in zip(batch, outcomes) { answers.add(outcome.seq, for: sent) }
                        }
                    }
                }
                try await clients.waitForAll()
            }
            #expect(answers.all.count == messages.count)
            #expect(answers.all.values.allSatisfy { $0.count == 1 && $0 != [nil] }, "one answer for each client id")
            try await self.expectDense(history.postgres, total: messages.count)
        }
    }

    /// Every log is 1, 2, 3 … up to its head, with the ordinals to match.
    private func expectDense(_ postgres: Postgres, total: Int) async throws {
        let stored: Int64 = try await postgres.one(
            "SELECT count(DISTINCT (chatroom_id, sender_id, client_id)) FROM history.entries")
        #expect(stored == Int64(total))
        let wrong: Int64 = try await postgres.one(
            """
            SELECT count(*) FROM history.chatroom_heads AS h
            JOIN LATERAL (
                SELECT count(*) AS entries, max(seq) AS seq, max(ordinal) AS ordinal,
                    count(*) FILTER (WHERE seq <> ordinal) AS apart
                FROM history.entries WHERE chatroom_id = h.chatroom_id
            ) AS e ON TRUE
            WHERE (h.seq, h.ordinal, h.seq, 0) IS DISTINCT FROM (e.entries, e.ordinal, e.seq, e.apart)
            """)
        #expect(wrong == 0)
        let backwards: Int64 = try await postgres.one(
            """
            SELECT count(*) FROM history.entries AS a JOIN history.entries AS b
            ON b.chatroom_id = a.chatroom_id AND b.seq = a.seq + 1 WHERE b.created_at < a.created_at
            """)
        #expect(backwards == 0, "the times of a log do not run backwards")
    }

    private struct Sent: Hashable, Sendable {
        let chatroom: ChatroomID
        let sender: UserID
        let clientId: UUID
    }

    /// The seqs that were answered for each message.
    private final class Answers: Sendable {
        private let seqs = Mutex<[Sent: Set<Seq?>]>([:])
        func add(_ seq: Seq?, for sent: Sent) { self.seqs.withLock { _ = $0[sent, default: []].insert(seq) } }
        var all: [Sent: Set<Seq?>] { self.seqs.withLock { $0 } }
    }
}
