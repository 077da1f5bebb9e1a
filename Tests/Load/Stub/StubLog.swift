import ChatAPI
import Foundation

/// One chatroom's log as History would keep it: numbered without a hole, each client id once. Old entries go.
struct StubLog {
    private struct Entry {
        var text: String
        var clientId: UUID
    }

    private(set) var head: Seq = 0
    private(set) var writtenAt = ContinuousClock.now
    private var entries: [Entry] = []
    private var receipts: [UUID: MessageReceipt] = [:]

    /// - Returns: the receipt, and the entry as it goes on the bus, also of a repeated client id.
    mutating func append(_ item: AppendMessages.Item, keep: Int) -> (receipt: MessageReceipt, text: String?) {
        if let known = self.receipts[item.clientId] {
            return (known, self.entries(after: known.seq - 1, upTo: known.seq, limit: 1).first)
        }
        self.head += 1
        self.writtenAt = .now
        let receipt = MessageReceipt(
            id: MessageID(chatroom: item.chatroomId, seq: self.head), seq: self.head, createdAt: .now)
        let text = Self.text(item, receipt)
        self.receipts[item.clientId] = receipt
        self.entries.append(Entry(text: text, clientId: item.clientId))
        // In strides: taking the first away moves all others.
        if self.entries.count > keep * 2 {
            for entry in self.entries.prefix(keep) { self.receipts[entry.clientId] = nil }
            self.entries.removeFirst(keep)
        }
        return (receipt, text)
    }

    /// Above `after`, up to and with `upTo`; only what is still kept.
    func entries(after: Seq, upTo: Seq, limit: Int) -> [String] {
        let first = self.head - Seq(self.entries.count)
        guard after >= first, after < min(upTo, self.head), limit > 0 else { return [] }
        let start = Int(after - first)
        let end = min(start + limit, Int(min(upTo, self.head) - first))
        return self.entries[start..<end].map(\.text)
    }

    /// Of the shape and in the order in which History writes it. The load test's contents need no escaping.
    private static func text(_ item: AppendMessages.Item, _ receipt: MessageReceipt) -> String {
        "\(receipt.seq) [\"message\",{\"chatroomId\":\(item.chatroomId),\"clientId\":\"\(item.clientId.uuidString.lowercased())\","
            + "\"content\":\"\(item.message.content)\",\"createdAt\":\"\(receipt.createdAt)\",\"id\":\"\(receipt.id)\","
            + "\"ordinal\":\(receipt.seq),\"sender\":{\"id\":\(item.senderId),\"nickname\":\"User \(item.senderId)\"},"
            + "\"seq\":\(receipt.seq),\"type\":\"text\"}]"
    }
}
