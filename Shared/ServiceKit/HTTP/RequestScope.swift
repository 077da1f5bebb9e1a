import Foundation

/// What travels with a request from service to service: its id, and the trace it is part of (W3C Trace Context).
///
/// A task-local value, set around every route, read by ``ServiceClient``.
package struct RequestScope: Sendable {
    package var requestID: String
    /// What calls made meanwhile are part of.
    package var trace: TraceContext?

    @TaskLocal package static var current: RequestScope?

    package init(requestID: String, trace: TraceContext? = nil) {
        self.requestID = requestID
        self.trace = trace
    }

    /// Takes the id that a request brings where it is well formed, else makes one.
    init(requestID: String?, trace: TraceContext?) {
        self.requestID = requestID.flatMap { Self.isWellFormed($0) ? $0 : nil } ?? Self.newID()
        self.trace = trace
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
}
