import Metrics
import Synchronization

/// The metrics of this process, and their text for Prometheus (exposition format 0.0.4).
///
/// Counters become `<name>_total`, timers histograms in seconds `<name>_seconds`, recorders histograms, meters gauges.
/// A `final class` with a `Mutex` for the table; each metric's numbers have their own.
package final class PrometheusMetrics: MetricsFactory {
    package static let shared = PrometheusMetrics()

    private struct Series: Hashable {
        var name: String
        /// Rendered: `route="/health",status="200"`.
        var labels: String
    }

    private let series = Mutex<[Series: any PrometheusMetric]>([:])

    package init() {}

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        self.metric(Self.name(label, ending: "_total"), dimensions) { PrometheusCounter() }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        self.metric(Self.name(label, ending: "_total"), dimensions) { PrometheusFloatingPointCounter() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        self.metric(Self.name(label, ending: ""), dimensions) { PrometheusGauge() }
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return self.metric(Self.name(label, ending: ""), dimensions) { PrometheusGauge() } }
        return self.metric(Self.name(label, ending: ""), dimensions) {
            PrometheusHistogram(bounds: PrometheusHistogram.sizes)
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        self.metric(Self.name(label, ending: "_seconds"), dimensions) {
            PrometheusHistogram(bounds: PrometheusHistogram.times)
        }
    }

    // A series stays for the life of the process: Prometheus wants its counters never to go back.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// Everything, as `GET /metrics` answers it.
    package var text: String {
        let series = self.series.withLock { $0 }
        var text = ""
        var described: String?
        for (id, metric) in series.sorted(by: { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }) {
            if described != id.name {
                text += "# TYPE \(id.name) \(type(of: metric).kind)\n"
                described = id.name
            }
            metric.write(name: id.name, labels: id.labels, to: &text)
        }
        return text
    }

    private func metric<T: PrometheusMetric>(_ name: String, _ dimensions: [(String, String)], make: () -> T) -> T {
        let labels = dimensions.map { "\(Self.legal($0.0))=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        return self.series.withLock { series in
            if let known = series[Series(name: name, labels: labels)] {
                // One name for two kinds of metric: the second counts, unseen.
                return known as? T ?? make()
            }
            let metric = make()
            series[Series(name: name, labels: labels)] = metric
            return metric
        }
    }

    private static func name(_ label: String, ending: String) -> String {
        let name = self.legal(label)
        return name.hasSuffix(ending) ? name : name + ending
    }

    private static func legal(_ name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

protocol PrometheusMetric: AnyObject, Sendable {
    static var kind: String { get }
    func write(name: String, labels: String, to text: inout String)
}

final class PrometheusCounter: CounterHandler, PrometheusMetric {
    static let kind = "counter"
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) { self.value.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { self.value.store(0, ordering: .relaxed) }

    func write(name: String, labels: String, to text: inout String) {
        text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(self.value.load(ordering: .relaxed))\n"
    }
}

final class PrometheusFloatingPointCounter: FloatingPointCounterHandler, PrometheusMetric {
    static let kind = "counter"
    private let value = Mutex<Double>(0)

    func increment(by amount: Double) { self.value.withLock { $0 += amount } }
    func reset() { self.value.withLock { $0 = 0 } }

    func write(name: String, labels: String, to text: inout String) {
        text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(self.value.withLock { $0 })\n"
    }
}

final class PrometheusGauge: MeterHandler, RecorderHandler, PrometheusMetric {
    static let kind = "gauge"
    private let value = Mutex<Double>(0)

    func set(_ value: Int64) { self.set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { self.value.withLock { $0 += amount } }
    func decrement(by amount: Double) { self.value.withLock { $0 -= amount } }
    func record(_ value: Int64) { self.set(Double(value)) }
    func record(_ value: Double) { self.set(value) }

    func write(name: String, labels: String, to text: inout String) {
        text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(self.value.withLock { $0 })\n"
    }
}

/// Counts values up to each of its bounds; cumulative only when written.
final class PrometheusHistogram: TimerHandler, RecorderHandler, PrometheusMetric {
    static let kind = "histogram"
    /// Seconds, from a cached answer to a timeout.
    static let times = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// Sizes of batches, bytes and the like.
    static let sizes: [Double] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 10_000, 100_000, 1_000_000, 10_000_000]

    private struct Counts {
        var buckets: [Int]
        var sum = 0.0
        var count = 0
    }

    private let bounds: [Double]
    private let counts: Mutex<Counts>

    init(bounds: [Double]) {
        self.bounds = bounds
        self.counts = Mutex(Counts(buckets: Array(repeating: 0, count: bounds.count)))
    }

    func recordNanoseconds(_ duration: Int64) { self.record(Double(duration) / 1e9) }
    func record(_ value: Int64) { self.record(Double(value)) }

    func record(_ value: Double) {
        let place = self.bounds.firstIndex { value <= $0 }
        self.counts.withLock { counts in
            if let place { counts.buckets[place] += 1 }
            counts.sum += value
            counts.count += 1
        }
    }

    func write(name: String, labels: String, to text: inout String) {
        let counts = self.counts.withLock { $0 }
        let comma = labels.isEmpty ? "" : ","
        var below = 0
        for (bound, count) in zip(self.bounds, counts.buckets) {
            below += count
            text += "\(name)_bucket{\(labels)\(comma)le=\"\(bound)\"} \(below)\n"
        }
        text += "\(name)_bucket{\(labels)\(comma)le=\"+Inf\"} \(counts.count)\n"
        let braces = labels.isEmpty ? "" : "{\(labels)}"
        text += "\(name)_sum\(braces) \(counts.sum)\n\(name)_count\(braces) \(counts.count)\n"
    }
}
