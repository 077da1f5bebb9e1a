/// What was sent and is not yet answered, oldest first, and how many bytes that is.
struct CommandQueue<Awaited> {
    private var entries: [(awaited: Awaited, bytes: Int)?] = []
    private var head = 0
    private(set) var bytes = 0

    var count: Int { self.entries.count - self.head }

    mutating func append(_ awaited: Awaited, bytes: Int) {
        self.entries.append((awaited, bytes))
        self.bytes += bytes
    }

    mutating func popFirst() -> Awaited? {
        guard self.head < self.entries.count, let first = self.entries[self.head] else { return nil }
        self.entries[self.head] = nil
        self.head += 1
        self.bytes -= first.bytes
        if self.head == self.entries.count {
            self.entries.removeAll(keepingCapacity: self.head < 4_096)
            self.head = 0
        } else if self.head >= 4_096, self.head * 2 > self.entries.count {
            self.entries.removeFirst(self.head)
            self.head = 0
        }
        return first.awaited
    }
}
