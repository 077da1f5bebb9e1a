import Foundation

/// What travels with a request from service to service: its id, and the trace it is part of (W3C Trace Context).
///
/// A task-local value, set around every route, read by ``ServiceClient``.
package struct RequestScope: Sendable {
    package var requestID: String
    package var traceparent: String?

    @TaskLocal package static var current: RequestScope?

    package init(requestID: String, traceparent: String? = nil) {
        self.requestID = requestID
        self.traceparent = traceparent
    }

    /// Takes what a request brings where it is well formed, else makes an id.
    init(requestID: String?, traceparent: String?) {
        self.requestID = requestID.flatMap { Self.isWellFormed($0) ? $0 : nil } ?? Self.newID()
        self.traceparent = traceparent.flatMap { Self.isTraceparent($0) ? $0 : nil }
    }

    package static func newID() -> String { UUID().uuidString.lowercased() }

    /// 8 to 64 of `[A-Za-z0-9_.-]`: nothing that could forge a log line.
    static func isWellFormed(_ id: String) -> Bool {
        (8...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// `00-<32 hex>-<16 hex>-<2 hex>` (Trace Context §3.2).
    static func isTraceparent(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return parts.map(\.count) == [2, 32, 16, 2]
            && parts.joined().allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }
}
