import ChatAPI
import Foundation
import LogSeed
import NIOCore
import NIOHTTP1

/// Messages, as Gateways hand them over: what falls due in a lane while its last call is under way goes in the next. A
/// chatroom is always in one lane, and a lane at one History.
struct AppendLoad: HistoryLoad {
    /// As many lanes for each History has a Gateway.
    private static let lanesPerInstance = 4
    /// The most that one call may hold.
    private static let maxBatch = 500
    /// People who send in one chatroom.
    private static let sendersEach = 64

    let name = "append"
    let log: LogSeed
    /// The first so many of the log's chatrooms, in turn.
    let chatrooms: Int64
    let gateways: Int
    let rate: Double
    /// Where there is no rate: so many people, each of whom sends again when the last message is acknowledged.
    let senders: Int
    let bytes: Int
    /// Some of each chatroom's members, who send in turn.
    private(set) var members: [Int64: [UserID]] = [:]

    init(log: LogSeed, chatrooms: Int64, gateways: Int, rate: Double, senders: Int, bytes: Int) {
        self.log = log
        self.chatrooms = chatrooms
        self.gateways = gateways
        self.rate = rate
        self.senders = senders
        self.bytes = bytes
    }

    mutating func prepare(_ system: HistoryUnderLoad) async throws { self.findMembers() }

    mutating func findMembers() {
        for number in 0..<self.log.users {
            for chatroom in self.log.chatrooms(of: number)
            where chatroom < LogSeed.first + self.chatrooms && self.members[chatroom]?.count ?? 0 < Self.sendersEach {
                self.members[chatroom, default: []].append(UserID(self.log.user(number)))
            }
        }
    }

    func run(_ system: HistoryUnderLoad, during span: LoadSpan) async throws -> LoadCount {
        let lanes = Self.lanesPerInstance * system.instances.count
        return try await withThrowingTaskGroup(of: LoadCount.self) { group in
            for gateway in 0..<self.gateways {
                for lane in 0..<lanes {
                    // Where there are fewer chatrooms than lanes, only some lanes have any, as in a Gateway.
                    guard let sender = LaneSender(self, lane: lane, of: lanes, gateway: gateway) else { continue }
                    group.addTask { try await sender.run(system, during: span) }
                }
            }
            var sum = LoadCount()
            for try await count in group { sum.add(count) }
            return sum
        }
    }

    /// One lane of one Gateway.
    private struct LaneSender {
        let load: AppendLoad
        let lane: Int
        let chatrooms: [Int64]
        /// What is due per second in this lane.
        let rate: Double
        let senders: Int
        let text: String

        init?(_ load: AppendLoad, lane: Int, of lanes: Int, gateway: Int) {
            let mine = (LogSeed.first..<LogSeed.first + load.chatrooms).filter {
                Int($0) % lanes == lane && load.members[$0] != nil
            }
            guard !mine.isEmpty else { return nil }
            self.load = load
            self.lane = lane
            // Gateways begin at different places.
            let turn = gateway * mine.count / load.gateways
            self.chatrooms = Array(mine[turn...] + mine[..<turn])
            let share = Double(mine.count) / Double(load.chatrooms) / Double(load.gateways)
            self.rate = load.rate * share
            self.senders = max(1, Int((Double(load.senders) * share).rounded()))
            self.text = String(repeating: "x", count: load.bytes)
        }

        func run(_ system: HistoryUnderLoad, during span: LoadSpan) async throws -> LoadCount {
            let url = system.instances[self.lane % system.instances.count].internal + "/internal/messages"
            var count = LoadCount()
            var number = 0
            try await LoadSpan.pause(until: span.start)
            while true {
                let begun = NIODeadline.now().uptimeNanoseconds
                guard begun < span.end else { return count }
                var due: [UInt64] = []
                if self.rate > 0 {
                    while due.count < AppendLoad.maxBatch,
                        case let next = span.due(number + due.count, perSecond: self.rate), next <= begun
                    { due.append(next) }
                    if due.isEmpty {
                        let next = span.due(number, perSecond: self.rate)
                        if next >= span.end { return count }
                        try await LoadSpan.pause(until: next)
                        continue
                    }
                } else {
                    due = Array(repeating: begun, count: min(self.senders, AppendLoad.maxBatch))
                }
                let body = self.body(number..<number + due.count)
                number += due.count
                do {
                    let answer = try await system.caller.call(.POST, url, bearer: system.caller.key, body: body)
                    let receipts = answer.count(of: #""receipt":"#)
                    count.acknowledged += receipts
                    let now = NIODeadline.now().uptimeNanoseconds
                    for due in due.prefix(receipts) {
                        count.answered("acknowledged", due: due, at: now, items: 1, during: span)
                    }
                    for _ in receipts..<due.count { count.errors["refused", default: 0] += 1 }
                } catch {
                    for _ in due { count.failed(error) }
                }
            }
        }

        private func body(_ numbers: Range<Int>) -> ByteBuffer {
            var text = #"{"messages":["#
            for number in numbers {
                let chatroom = self.chatrooms[number % self.chatrooms.count]
                let members = self.load.members[chatroom] ?? []
                let sender = members[number / self.chatrooms.count % members.count]
                if number > numbers.lowerBound { text += "," }
                text +=
                    #"{"senderId":\#(sender),"chatroomId":\#(chatroom),"clientId":"\#(UUID().uuidString)","message":{"type":"text","content":"\#(self.text)"}}"#
            }
            return ByteBuffer(string: text + "]}")
        }
    }
}
