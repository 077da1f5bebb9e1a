import Foundation
import Synchronization

/// The mails that would have been sent, the last hundred of them; in local mode only.
///
/// A `final class` with a `Mutex`.
final class Mailbox: Sendable {
    struct Item: Sendable {
        let mail: Mail
        let at: Date
    }

    private static let capacity = 100
    private let items = Mutex<[Item]>([])

    /// The newest first.
    var all: [Item] { self.items.withLock { $0.reversed() } }

    func put(_ mail: Mail, at date: Date) {
        self.items.withLock { items in
            items.append(Item(mail: mail, at: date))
            if items.count > Self.capacity { items.removeFirst() }
        }
    }
}
