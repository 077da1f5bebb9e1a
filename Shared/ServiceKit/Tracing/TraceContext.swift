/// Which trace something is part of, and by which span: what `traceparent` carries (W3C Trace Context, level 1).
package struct TraceContext: Hashable, Sendable {
    /// 128 bits, not all of them 0.
    package struct TraceID: Hashable, Sendable, CustomStringConvertible {
        let high: UInt64
        let low: UInt64

        package var description: String { self.high.paddedHexadecimal + self.low.paddedHexadecimal }
    }

    /// 64 bits, not all of them 0.
    package struct SpanID: Hashable, Sendable, CustomStringConvertible {
        let bits: UInt64

        static func random() -> SpanID { SpanID(bits: .random(in: 1...UInt64.max)) }

        package var description: String { self.bits.paddedHexadecimal }
    }

    package let trace: TraceID
    package let span: SpanID
    /// Whether whoever began it records it.
    package let isSampled: Bool

    init(trace: TraceID, span: SpanID, isSampled: Bool) {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
    }

    /// A trace that begins here.
    static func root(isSampled: (TraceID) -> Bool) -> TraceContext {
        let trace = TraceID(high: .random(in: 0...UInt64.max), low: .random(in: 1...UInt64.max))
        return TraceContext(trace: trace, span: .random(), isSampled: isSampled(trace))
    }

    /// Reads `00-<32 hex>-<16 hex>-<2 hex>` (§3.2). Of a later version what stands behind that is passed over (§4.3).
    package init?(_ traceparent: String) {
        let text = Array(traceparent.utf8)
        let dash = UInt8(ascii: "-")
        guard text.count >= 55, text[2] == dash, text[35] == dash, text[52] == dash,
            let version = UInt64(lowercaseHexadecimal: text[0..<2]), version != 0xFF,
            version == 0 ? text.count == 55 : text.count == 55 || text[55] == dash,
            let high = UInt64(lowercaseHexadecimal: text[3..<19]),
            let low = UInt64(lowercaseHexadecimal: text[19..<35]), high | low != 0,
            let span = UInt64(lowercaseHexadecimal: text[36..<52]), span != 0,
            let flags = UInt64(lowercaseHexadecimal: text[53..<55])
        else { return nil }
        self.init(trace: TraceID(high: high, low: low), span: SpanID(bits: span), isSampled: flags & 1 == 1)
    }

    package var traceparent: String { "00-\(self.trace)-\(self.span)-\(self.isSampled ? "01" : "00")" }
}

extension UInt64 {
    fileprivate var paddedHexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// Capitals are refused (Trace Context §3.2.2).
    fileprivate init?(lowercaseHexadecimal text: ArraySlice<UInt8>) {
        var value: UInt64 = 0
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        self = value
    }
}
