import ChatAPI
import Logging
import Redis
import ServiceKit

/// Tells the Gateways of new entries. A hint: whoever misses it sees the hole, or hears the beacon.
struct EntryPublisher: Sendable {
    let redis: Redis
    let profiles: ProfileCache
    /// What was put on the bus here.
    let recent = Recent<MessageID>()
    let logger: Logger

    /// Publishes committed entries, in the order of each chatroom's seq; the same entry given twice once.
    func publish(_ entries: [Entry]) async {
        guard !entries.isEmpty else { return }
        let senders = await self.profiles.senders(of: entries)
        var last: MessageID?
        for entry in entries.sorted(by: { ($0.chatroom, $0.seq) < ($1.chatroom, $1.seq) }) where entry.id != last {
            last = entry.id
            do {
                let text = try entry.busEntry(senders: senders).text
                self.redis.publish(BusChannel.chatroom(entry.chatroom), text)
                self.recent.note(entry.id)
            } catch {
                self.logger.error(
                    "an entry could not be written", metadata: ["id": "\(entry.id)", "error": "\(error)"])
            }
        }
    }
}
