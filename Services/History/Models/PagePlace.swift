import ChatAPI
import ServiceKit

/// Where in a log a page lies.
enum PagePlace: Hashable, Sendable {
    case newest
    case before(Seq)
    case after(Seq)
    /// The entry itself is among the earlier half.
    case around(Seq)

    /// Of `before`, `after` and `around` a request may have one.
    init(query: Query) throws(RequestError) {
        let before = try query.seq("before")
        let after = try query.seq("after")
        let around = try query.seq("around")
        switch (before, after, around) {
        case (nil, nil, nil): self = .newest
        case (let seq?, nil, nil): self = .before(seq)
        case (nil, let seq?, nil): self = .after(seq)
        case (nil, nil, let seq?): self = .around(seq)
        default: throw .invalid("query", "has more than one of before, after and around")
        }
    }
}

extension Query {
    /// A seq, or 0 for "before the first": decimal digits and nothing else.
    fileprivate func seq(_ name: String) throws(RequestError) -> Seq? {
        self.text(name) == "0" ? 0 : try self.value(name, as: ChatroomID.self)?.rawValue
    }
}
