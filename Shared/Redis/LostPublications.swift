import Metrics
import Synchronization

/// Counts what was to be published and was not, or perhaps not: read by the operator as a metric, by tests as a number.
final class LostPublications: Sendable {
    private let counter = Counter(label: "redis_publications_lost_total")
    private let total = Atomic<Int>(0)

    var count: Int { self.total.load(ordering: .relaxed) }

    func add(_ count: Int) {
        self.total.add(count, ordering: .relaxed)
        self.counter.increment(by: count)
    }
}
