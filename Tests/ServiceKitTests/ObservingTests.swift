import Foundation
import Logging
import Metrics
import ServiceKit
import Testing

@Suite struct JSONLogHandlerTests {
    private func line(_ log: (Logger) -> Void) throws -> (text: String, fields: [String: Any]) {
        let lines = Box<[String]>([])
        log(
            Logger(label: "social") {
                JSONLogHandler(label: $0, level: .info) { line in lines.change { $0.append(line) } }
            })
        let text = try #require(lines.value.first)
        return (text, try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]))
    }

    @Test func `an entry is one line of JSON`() throws {
        let (text, fields) = try self.line { logger in
            var logger = logger
            logger[metadataKey: "request"] = "r-1"
            logger.warning(
                "two\nlines \"and\" \\ \u{2028}\u{1}",
                metadata: ["count": "\(3)", "list": ["a", "b"], "map": ["x": "y"]])
        }
        #expect(text.hasSuffix("}\n"))
        #expect(text.dropLast().unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{2028}" })
        #expect(fields["message"] as? String == "two\nlines \"and\" \\ \u{2028}\u{1}")
        #expect(fields["level"] as? String == "warning")
        #expect(fields["service"] as? String == "social")
        #expect(fields["request"] as? String == "r-1")
        #expect(fields["count"] as? String == "3")
        #expect(fields["list"] as? [String] == ["a", "b"])
        #expect(fields["map"] as? [String: String] == ["x": "y"])
    }

    @Test func `what is named like a secret is not written`() throws {
        let text = try self.line { logger in
            logger.info(
                "in",
                metadata: [
                    "token": "s1", "Password": "s2", "headers": ["authorization": "s3"], "codes": ["code": ["s4"]],
                ])
        }.text
        for secret in ["s1", "s2", "s3", "s4"] { #expect(!text.contains(secret)) }
    }
}

@Suite struct PrometheusMetricsTests {
    @Test func `counters, gauges and histograms are written as Prometheus reads them`() {
        let metrics = PrometheusMetrics()
        Counter(label: "messages", dimensions: [("room", "a\"b")], factory: metrics).increment(by: 3)
        Counter(label: "messages", dimensions: [("room", "a\"b")], factory: metrics).increment()
        Gauge(label: "feed.age", factory: metrics).record(1.5)
        let timer = Timer(label: "request", factory: metrics)
        timer.recordNanoseconds(2_000_000)
        timer.recordNanoseconds(20_000_000_000)
        let lines = metrics.text.split(separator: "\n")
        #expect(lines.contains("# TYPE messages_total counter"))
        #expect(lines.contains(#"messages_total{room="a\"b"} 4"#))
        #expect(lines.contains("# TYPE feed_age gauge"))
        #expect(lines.contains("feed_age 1.5"))
        #expect(lines.contains("# TYPE request_seconds histogram"))
        #expect(lines.contains(#"request_seconds_bucket{le="0.001"} 0"#))
        #expect(lines.contains(#"request_seconds_bucket{le="0.0025"} 1"#))
        #expect(lines.contains(#"request_seconds_bucket{le="10.0"} 1"#))
        #expect(lines.contains(#"request_seconds_bucket{le="+Inf"} 2"#))
        #expect(lines.contains("request_seconds_count 2"))
        #expect(lines.contains("request_seconds_sum 20.002"))
    }

    @Test func `counting from many tasks loses nothing`() async {
        let metrics = PrometheusMetrics()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<1_000 { Counter(label: "n", factory: metrics).increment() } }
            }
        }
        #expect(metrics.text.contains("n_total 8000\n"))
    }
}

@Suite struct RateLimitTests {
    @Test func `a burst passes, then so many per second`() {
        var now = ContinuousClock.now
        var bucket = TokenBucket(perSecond: 20, burst: 100, now: now)
        for _ in 0..<100 { #expect(bucket.take(at: now) == nil) }
        #expect(bucket.take(at: now) == .milliseconds(50))
        now += .milliseconds(500)
        for _ in 0..<10 { #expect(bucket.take(at: now) == nil) }
        #expect(bucket.take(at: now) != nil)
        now += .seconds(1_000)
        for _ in 0..<100 { #expect(bucket.take(at: now) == nil) }
        #expect(bucket.take(at: now) != nil)
    }

    @Test func `each key has its own, and full ones are forgotten`() {
        let start = ContinuousClock.now
        var limiter = RateLimiter<Int>(perSecond: 1, burst: 1)
        #expect(limiter.take(0, at: start) == nil)
        #expect(limiter.take(0, at: start) != nil)
        for key in 1..<10_000 { #expect(limiter.take(key, at: start + .seconds(key)) == nil) }
        #expect(limiter.count < 2_000)
    }
}
