/// First come, first served, at most `capacity` of them; who stands in it may leave (``remove(_:)``), and goes when its
/// time is up (``expired(now:)``). All wait equally long, so that the first is the first whose time is up.
struct WaitingLine<Element> {
    typealias Instant = ContinuousClock.Instant

    private struct Place {
        var element: Element
        var deadline: Instant
    }

    private let capacity: Int
    private var order = Fifo<UInt64>()
    private var places: [UInt64: Place] = [:]

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { self.places.count }
    var isEmpty: Bool { self.places.isEmpty }

    /// - Returns: whether there was room.
    mutating func append(_ element: Element, id: UInt64, deadline: Instant) -> Bool {
        guard self.count < self.capacity else { return false }
        self.order.append(id)
        self.places[id] = Place(element: element, deadline: deadline)
        return true
    }

    mutating func popFirst() -> Element? {
        while let id = self.order.popFirst() {
            if let place = self.places.removeValue(forKey: id) { return place.element }
        }
        return nil
    }

    mutating func remove(_ id: UInt64) -> Element? { self.places.removeValue(forKey: id)?.element }

    /// Takes out those whose time is up.
    mutating func expired(now: Instant) -> [Element] {
        var expired: [Element] = []
        while let id = self.order.first {
            if let place = self.places[id] {
                guard place.deadline <= now else { break }
                expired.append(place.element)
                self.places[id] = nil
            }
            _ = self.order.popFirst()
        }
        return expired
    }

    /// Takes out all.
    mutating func removeAll() -> [Element] {
        var all: [Element] = []
        while let element = self.popFirst() { all.append(element) }
        return all
    }
}

/// A queue in an array: the taken places at its front are given back when they are more than half of it.
struct Fifo<Element> {
    private var elements: [Element?] = []
    private var start = 0

    var count: Int { self.elements.count - self.start }
    var isEmpty: Bool { self.count == 0 }

    var first: Element? {
        get { self.isEmpty ? nil : self.elements[self.start] }
        set { if !self.isEmpty { self.elements[self.start] = newValue } }
    }

    mutating func append(_ element: Element) { self.elements.append(element) }

    mutating func popFirst() -> Element? {
        guard !self.isEmpty else { return nil }
        let element = self.elements[self.start].take()
        self.start += 1
        if self.start > 32, 2 * self.start > self.elements.count {
            self.elements.removeFirst(self.start)
            self.start = 0
        }
        return element
    }

    /// Changes each element in place, front to back, until `body` returns false.
    mutating func update(_ body: (inout Element) -> Bool) {
        for index in self.start..<self.elements.count {
            guard var element = self.elements[index].take() else { continue }
            let goesOn = body(&element)
            self.elements[index] = element
            if !goesOn { return }
        }
    }
}
