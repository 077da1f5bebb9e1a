import ChatAPI
import Foundation
import LogSeed
import NIOCore
import NIOHTTP1

/// Clients that all come back at once, each with cursors of all its chatrooms, of which some have one new message.
struct SyncLoad: HistoryLoad {
    let name = "sync"
    let log: LogSeed
    let clients: Int
    /// In how many of a client's chatrooms something is new.
    let behind: Int
    let rate = 0.0
    private var people: [Person] = []
    private var heads: [ChatroomID: Seq] = [:]

    init(_ log: LogSeed, clients: Int, behind: Int) {
        self.log = log
        self.clients = clients
        self.behind = behind
    }

    mutating func prepare(_ system: HistoryUnderLoad) async throws {
        self.people = try Person.all(of: self.log, secret: system.secret)
        let ids = (0..<self.log.chatrooms).map { ChatroomID(LogSeed.first + $0) }
        for slice in stride(from: 0, to: ids.count, by: 1_000).map({ ids[$0..<min($0 + 1_000, ids.count)] }) {
            let body = try JSONEncoder().encode(LookupHeads(chatroomIds: Array(slice)))
            let answer = try await system.caller.call(
                .POST, system.instances[0].internal + "/internal/heads", bearer: system.caller.key,
                body: ByteBuffer(bytes: body))
            let heads = try JSONDecoder().decode(LookupHeads.Answer.self, from: Data(answer.readableBytesView)).heads
            self.heads.merge(heads) { $1 }
        }
    }

    /// Once, however long the span is: everybody is due at its start.
    func run(_ system: HistoryUnderLoad, during span: LoadSpan) async throws -> LoadCount {
        try await withThrowingTaskGroup(of: LoadCount.self) { group in
            let bodies = (0..<self.clients).map { self.cursors(of: $0) }
            try await LoadSpan.pause(until: span.measured)
            for (number, body) in bodies.enumerated() {
                let url = system.instances[number % system.instances.count].public + "/api/history/sync"
                let token = self.people[number % self.people.count].token
                group.addTask {
                    var count = LoadCount()
                    do {
                        let answer = try await system.caller.call(.POST, url, bearer: token, body: body)
                        let entries = answer.count(of: #"["message","#) + answer.count(of: #"["change","#)
                        count.answered(
                            "sync", due: span.measured, at: NIODeadline.now().uptimeNanoseconds, items: entries,
                            during: span)
                        if entries != self.behind { count.errors["\(entries) entries", default: 0] += 1 }
                    } catch {
                        count.failed(error)
                    }
                    return count
                }
            }
            var sum = LoadCount()
            for try await count in group { sum.add(count) }
            return sum
        }
    }

    private func cursors(of number: Int) -> ByteBuffer {
        let cursors = self.people[number % self.people.count].chatrooms.enumerated().map { place, chatroom in
            // Not the same ones for all who share a chatroom.
            let isBehind = (place + number) % Int(self.log.chatroomsEach) < self.behind
            return "\"\(chatroom)\":\((self.heads[ChatroomID(chatroom)] ?? 0) - (isBehind ? 1 : 0))"
        }
        return ByteBuffer(string: #"{"cursors":{\#(cursors.joined(separator: ","))}}"#)
    }
}
