/// Which statements one connection has prepared, under which names: the least recently used go first.
///
/// A statement counts as prepared when its Parse result has come; until then the same text is sent unnamed, since a
/// second Parse of the name would fail if the first succeeds, and an execution would if the first fails.
struct StatementCache {
    /// The same text with parameters of other types is another statement.
    struct Key: Hashable, Sendable {
        var text: String
        var types: [PostgresType.ID]
    }

    enum Use: Equatable {
        case prepared(String)
        /// Prepare it under this name, then use it.
        case prepare(String)
        /// Send the text, without a name.
        case unnamed
    }

    private struct Entry {
        var name: String
        var isConfirmed = false
        var lastUse: UInt64
    }

    private let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var uses: UInt64 = 0
    private var names: UInt64 = 0
    private var dropped: [String] = []

    init(capacity: Int = 256) { self.capacity = capacity }

    mutating func use(_ key: Key) -> Use {
        self.uses += 1
        if let index = self.entries.index(forKey: key) {
            self.entries.values[index].lastUse = self.uses
            let entry = self.entries.values[index]
            return entry.isConfirmed ? .prepared(entry.name) : .unnamed
        }
        guard self.makeRoom() else { return .unnamed }
        self.names += 1
        let name = "s\(self.names)"
        self.entries[key] = Entry(name: name, lastUse: self.uses)
        return .prepare(name)
    }

    /// Its Parse succeeded. That holds even if the transaction around it is rolled back.
    mutating func confirm(_ key: Key) { self.entries[key]?.isConfirmed = true }

    /// Its Parse failed or was skipped: the next use starts over.
    mutating func fail(_ key: Key) { self.entries[key] = nil }

    /// The server will not run it any more, as after its table has changed: the next use starts over.
    mutating func forget(_ key: Key) {
        if let entry = self.entries.removeValue(forKey: key), entry.isConfirmed { self.dropped.append(entry.name) }
    }

    /// The names the server may free, each told once. Not inside a transaction: one that has failed would refuse.
    mutating func takeDropped() -> [String] {
        defer { self.dropped = [] }
        return self.dropped
    }

    private mutating func makeRoom() -> Bool {
        guard self.entries.count >= self.capacity else { return true }
        // Unconfirmed ones have their Parse under way and stay.
        let oldest = self.entries.filter(\.value.isConfirmed).min { $0.value.lastUse < $1.value.lastUse }
        guard let oldest else { return false }
        self.forget(oldest.key)
        return true
    }
}
