import Foundation

/// One piece of work of a trace: a request that was answered, or a call to another service.
package struct Span: Sendable {
    /// As OTLP numbers them.
    enum Kind: Int, Sendable {
        case server = 2
        case client = 3
    }

    enum Attribute: Sendable {
        case text(String)
        case number(Int)
    }

    let context: TraceContext
    let parent: TraceContext.SpanID?
    let kind: Kind
    private(set) var name: String
    private(set) var attributes: [(key: String, value: Attribute)] = []
    private(set) var isError = false
    /// Nanoseconds since 1970.
    let start: UInt64
    private(set) var end: UInt64
    private let began = ContinuousClock.now

    init(_ context: TraceContext, parent: TraceContext.SpanID?, kind: Kind, name: String) {
        self.context = context
        self.parent = parent
        self.kind = kind
        self.name = name
        self.start = UInt64(max(0, Date().timeIntervalSince1970) * 1e9)
        self.end = self.start
    }

    /// - Parameter name: by the route's pattern, never the path: names are few.
    mutating func finish(name: String? = nil, isError: Bool, _ attributes: [(key: String, value: Attribute)]) {
        if let name { self.name = name }
        self.isError = isError
        self.attributes = attributes
        // By the clock that never goes back, so that no span ends before it began.
        self.end = self.start + UInt64(max(0, (ContinuousClock.now - self.began) / .nanoseconds(1)))
    }
}
