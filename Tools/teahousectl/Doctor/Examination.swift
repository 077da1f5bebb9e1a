import ChatAPI
import Foundation
import NIOHTTP1
import ServiceKit

/// What was found at one internal listener.
struct Examination: Codable, Sendable {
    var service: String
    var url: String
    var health: Answer
    var ready: Answer
    var metrics: Answer
    /// `nil` where it did not tell.
    var status: ServiceStatus?
    /// By how many seconds its clock is ahead of this machine's, and by how much that may be wrong.
    var clock: (ahead: Double, uncertainty: Double)? {
        get { self.clockAhead.map { ($0, self.clockUncertainty ?? 0) } }
        set { (self.clockAhead, self.clockUncertainty) = (newValue?.ahead, newValue?.uncertainty) }
    }
    private(set) var clockAhead: Double?
    private(set) var clockUncertainty: Double?

    enum Answer: Codable, Hashable, Sendable {
        case good
        case bad(String)

        var problem: String? { if case .bad(let why) = self { why } else { nil } }
    }

    init(service: String, url: String, health: Answer, ready: Answer = .good, metrics: Answer = .good) {
        self.service = service
        self.url = url
        self.health = health
        self.ready = ready
        self.metrics = metrics
    }

    /// Looks at one listener.
    static func of(_ service: ServiceName, at url: String, by client: OperatorClient) async -> Examination {
        func ask(_ path: String) async -> (Answer, Data?) {
            do {
                return (.good, try await client.call(url, .GET, path))
            } catch {
                return (.bad("\(error)"), nil)
            }
        }
        var found = Examination(service: service.rawValue, url: url, health: await ask("/health").0)
        guard found.health == .good else { return found }
        found.ready = await ask("/ready").0
        found.metrics = await ask("/metrics").0
        let sent = Date.now
        let (_, data) = await ask("/internal/status")
        let received = Date.now
        guard let data, let status = try? JSONDecoder().decode(ServiceStatus.self, from: data) else { return found }
        found.status = status
        // The clock was read somewhere between the two, near the end.
        let middle = sent.timeIntervalSince1970 + received.timeIntervalSince(sent) / 2
        found.clock = (
            Double(status.now.milliseconds) / 1000 - middle, received.timeIntervalSince(sent) / 2 + 0.001
        )
        return found
    }
}
