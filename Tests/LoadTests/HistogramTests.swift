import Testing

@testable import loadtest

struct HistogramTests {
    @Test(arguments: [0.5, 0.9, 0.99, 0.999, 1])
    func `a quantile is within one percent of the true one`(share: Double) {
        var histogram = Histogram()
        // Over seven powers of ten, in no order.
        let values = (0..<10_000).map { number in UInt64(1.002.power(number * 7_919 % 8_000)) }
        for value in values { histogram.record(microseconds: value) }
        let exact = Double(values.sorted()[max(0, Int((share * 10_000).rounded(.up)) - 1)]) / 1_000
        #expect(abs(histogram.quantile(share) - exact) <= exact * 0.01)
    }

    @Test func `every small duration has a bucket of its own`() {
        for value in 0..<256 as Range<UInt64> {
            var histogram = Histogram()
            histogram.record(microseconds: value)
            histogram.record(microseconds: 1_000_000)
            #expect(histogram.quantile(0.5) == Double(value) / 1_000)
        }
    }

    @Test func `two added are as one that has recorded all`() {
        var (a, b, all) = (Histogram(), Histogram(), Histogram())
        for value in 1...5_000 as ClosedRange<UInt64> {
            if value % 3 == 0 { a.record(microseconds: value * value) } else { b.record(microseconds: value) }
            all.record(microseconds: value % 3 == 0 ? value * value : value)
        }
        a.add(b)
        #expect(a.count == all.count && a.max == all.max && a.mean == all.mean)
        for share in [0.1, 0.5, 0.99] { #expect(a.quantile(share) == all.quantile(share)) }
    }

    @Test func `without anything recorded all is zero`() {
        #expect(Histogram().quantile(0.99) == 0 && Histogram().mean == 0)
    }
}

extension Double {
    fileprivate func power(_ exponent: Int) -> Double {
        var (result, factor, rest) = (1.0, self, exponent)
        while rest > 0 {
            if rest % 2 == 1 { result *= factor }
            factor *= factor
            rest /= 2
        }
        return result
    }
}
