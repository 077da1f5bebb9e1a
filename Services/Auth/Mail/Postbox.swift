import Foundation
import Logging
import Metrics
import ServiceLifecycle

/// Mail on its way out. Whoever sends does not wait: an answer must take no longer where there is something to send.
///
/// Mail that waits here is lost with the process; people ask for another code. A `final class` without changing state.
final class Postbox: Service {
    enum Way: Sendable {
        case smtp(SMTPServer)
        /// Nothing is sent; what would be is shown to the operator.
        case mailbox(Mailbox)
    }

    private let way: Way
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let waiting: AsyncStream<Mail>
    private let queue: AsyncStream<Mail>.Continuation

    /// At once to the server.
    private static let senders = 4
    private static let capacity = 1_000
    /// Before the next try; none after the last.
    private static let patience: [Duration?] = [.seconds(1), .seconds(5), nil]

    init(way: Way, logger: Logger, now: @escaping @Sendable () -> Date) {
        self.way = way
        self.logger = logger
        self.now = now
        (self.waiting, self.queue) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.capacity))
    }

    func send(_ mail: Mail) {
        if case .mailbox(let mailbox) = self.way { return mailbox.put(mail, at: self.now()) }
        if case .dropped = self.queue.yield(mail) {
            Counter(label: "auth_mails_lost_total").increment()
            self.logger.error("too many mails wait; one is lost")
        }
    }

    func run() async throws {
        guard case .smtp(let server) = self.way else {
            try await gracefulShutdown()
            return
        }
        await withTaskGroup(of: Void.self) { group in
            var sending = 0
            for await mail in self.waiting.cancelOnGracefulShutdown() {
                if sending == Self.senders {
                    await group.next()
                    sending -= 1
                }
                group.addTask { await self.deliver(mail, to: server) }
                sending += 1
            }
        }
    }

    private func deliver(_ mail: Mail, to server: SMTPServer) async {
        for patience in Self.patience {
            do {
                try await server.send(mail, at: self.now())
                Counter(label: "auth_mails_sent_total").increment()
                return
            } catch {
                // Neither the address nor the text: logs are read by more people than mail is.
                self.logger.warning("a mail was not sent", metadata: ["error": "\(error)"])
                guard let patience, (try? await Task.sleep(for: patience)) != nil else { break }
            }
        }
        Counter(label: "auth_mails_lost_total").increment()
    }
}
