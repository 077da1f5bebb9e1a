/// Elements by the moment they are due, the earliest first: a binary heap of ids beside what they stand for.
///
/// Removing only forgets the element. Its place in the heap goes when its time comes, or when more than half of the
/// heap is forgotten, so that timers which nearly always are cancelled cost no memory.
struct DeadlineQueue<Element> {
    typealias ID = UInt64
    typealias Instant = ContinuousClock.Instant

    private struct Place {
        var deadline: Instant
        var id: ID

        /// Of equal moments the first inserted goes first.
        func isBefore(_ other: Place) -> Bool {
            self.deadline == other.deadline ? self.id < other.id : self.deadline < other.deadline
        }
    }

    private var heap: [Place] = []
    private var elements: [ID: Element] = [:]
    private var nextID: ID = 0

    var count: Int { self.elements.count }

    /// How many places the heap has, also for what was removed.
    var places: Int { self.heap.count }

    /// The earliest moment at which something may be due; a removed element may still stand here.
    var next: Instant? { self.heap.first?.deadline }

    mutating func insert(_ element: Element, at deadline: Instant) -> ID {
        let id = self.nextID
        self.nextID += 1
        self.elements[id] = element
        self.heap.append(Place(deadline: deadline, id: id))
        self.siftUp(self.heap.count - 1)
        return id
    }

    mutating func remove(_ id: ID) {
        guard self.elements.removeValue(forKey: id) != nil else { return }
        if self.heap.count > 64, self.heap.count > 2 * self.elements.count { self.forget() }
    }

    /// Takes out the earliest of those that are due at `now`.
    mutating func popDue(now: Instant) -> Element? {
        while let first = self.heap.first, first.deadline <= now {
            self.heap.swapAt(0, self.heap.count - 1)
            self.heap.removeLast()
            self.siftDown(0)
            if let element = self.elements.removeValue(forKey: first.id) { return element }
        }
        return nil
    }

    private mutating func forget() {
        self.heap.removeAll { self.elements[$0.id] == nil }
        // Sorted is a heap.
        self.heap.sort { $0.isBefore($1) }
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard self.heap[child].isBefore(self.heap[parent]) else { return }
            self.heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < self.heap.count && self.heap[child].isBefore(self.heap[least]) {
                least = child
            }
            if least == parent { return }
            self.heap.swapAt(parent, least)
            parent = least
        }
    }
}
