/// The keys by which services know each other on their internal listeners: one per calling service, two while they are
/// exchanged.
package struct ServiceKeys: Sendable {
    /// Newest first.
    private let keys: [String: [String]]
    /// What this service shows when it calls another.
    package let own: String

    /// Who may read metrics and make the calls of operators, and no other.
    static let `operator` = "operator"
    package static let callers = ServiceName.allCases.map(\.rawValue) + [Self.operator]

    package init(_ keys: [String: [String]], own: String) {
        self.keys = keys
        self.own = own
    }

    init(_ keys: ConfigurationKeys) {
        let local = Self.callers.map { "\($0)=local-key-of-\($0)" }.joined(separator: ",")
        let text = keys.text(
            "SERVICE_KEYS", default: keys.mode == .local ? local : nil,
            "secret keys by caller, as auth=K,social=K,history=K,media=K,gateway=K,operator=K; a K may be new|old while they are exchanged"
        )
        var parsed: [String: [String]] = [:]
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2, Self.callers.contains(pair[0]), parsed[pair[0]] == nil else {
                keys.problem(
                    "SERVICE_KEYS",
                    "is not valid; it takes each of \(Self.callers.joined(separator: ", ")) once, as name=key")
                continue
            }
            parsed[pair[0]] = pair[1].split(separator: "|").map(String.init)
            for key in parsed[pair[0]] ?? [] { keys.check(key, in: "SERVICE_KEYS") }
        }
        let all = parsed.values.flatMap(\.self)
        if Set(all).count != all.count { keys.problem("SERVICE_KEYS", "gives one key to two callers") }
        let own = parsed[keys.service]?.first
        if own == nil, !text.isEmpty { keys.problem("SERVICE_KEYS", "has no key of \(keys.service) itself") }
        self.init(parsed, own: own ?? "")
    }

    /// Whose key it is. Looks at every byte of every key, whatever is presented, so that time tells nothing.
    package func caller(presenting presented: String) -> String? {
        var found: String?
        for (caller, keys) in self.keys {
            for key in keys where Self.areEqual(key, presented) { found = caller }
        }
        return found
    }

    private static func areEqual(_ key: String, _ presented: String) -> Bool {
        let presented = Array(presented.utf8)
        var difference = key.utf8.count ^ presented.count
        for (place, byte) in key.utf8.enumerated() {
            difference |= Int(byte ^ (place < presented.count ? presented[place] : ~byte))
        }
        return difference == 0
    }
}
