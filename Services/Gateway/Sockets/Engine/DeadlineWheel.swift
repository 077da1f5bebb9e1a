import NIOCore

/// Somebody who is to be woken at a time, on the loop of its ``DeadlineWheel``.
protocol DeadlineEntry: AnyObject {
    /// Where it stands in the wheel; the wheel's to write.
    var wheelPlace: DeadlineWheel.Place? { get set }
    /// Called at or shortly after the deadline, never before.
    func deadlineReached(now: NIODeadline)
}

/// One timer for all that waits on an event loop: tens of thousands of heartbeats without a timer each.
///
/// Coarse: an entry is called up to one tick late, so whoever needs exactness checks its deadline itself when asked
/// something. An entry stands in it once, under its earliest deadline; it is to arm itself again when called, and to
/// ``disarm(_:)`` when it goes: until its deadline the wheel keeps it. (Weak references would cost more: an object that
/// has one counts all its references the slow way, from then on.)
final class DeadlineWheel {
    struct Place {
        /// `nil`: taken out, about to be called.
        fileprivate var slot: UInt16?
        fileprivate var index: Int32
        fileprivate var deadline: NIODeadline
    }

    private let eventLoop: any EventLoop
    private let tick: TimeAmount
    private var slots: [[any DeadlineEntry]]
    /// The tick that comes next, counted from the epoch of `NIODeadline`.
    private var position: UInt64 = 0
    private var count = 0
    private var isTicking = false

    init(eventLoop: any EventLoop, tick: TimeAmount, slots: Int = 512) {
        self.eventLoop = eventLoop
        self.tick = tick
        self.slots = Array(repeating: [], count: slots)
    }

    /// Wakes `entry` at `deadline`, unless it is to be woken earlier already.
    func arm(_ entry: any DeadlineEntry, at deadline: NIODeadline) {
        self.eventLoop.assertInEventLoop()
        if let place = entry.wheelPlace {
            if place.deadline <= deadline { return }
            self.disarm(entry)
        }
        if self.count == 0 { self.position = self.tickNumber(self.eventLoop.now) }
        self.insert(entry, deadline)
        self.startTicking()
    }

    /// Forgets `entry`.
    func disarm(_ entry: any DeadlineEntry) {
        self.eventLoop.assertInEventLoop()
        guard let place = entry.wheelPlace else { return }
        entry.wheelPlace = nil
        guard let slot = place.slot else { return }
        self.count -= 1
        let last = self.slots[Int(slot)].removeLast()
        if last !== entry {
            self.slots[Int(slot)][Int(place.index)] = last
            last.wheelPlace?.index = place.index
        }
    }

    /// The first tick that begins at or after `deadline`.
    private func tickNumber(_ deadline: NIODeadline) -> UInt64 {
        let tick = UInt64(self.tick.nanoseconds)
        return (deadline.uptimeNanoseconds + tick - 1) / tick
    }

    private func insert(_ entry: any DeadlineEntry, _ deadline: NIODeadline) {
        // What lies further than one turn is looked at again in a turn's time.
        let furthest = self.position + UInt64(self.slots.count) - 1
        let number = min(max(self.tickNumber(deadline), self.position), furthest)
        let slot = Int(number % UInt64(self.slots.count))
        entry.wheelPlace = Place(slot: UInt16(slot), index: Int32(self.slots[slot].count), deadline: deadline)
        self.slots[slot].append(entry)
        self.count += 1
    }

    private func startTicking() {
        guard !self.isTicking, self.count > 0 else { return }
        self.isTicking = true
        let next = NIODeadline.uptimeNanoseconds(self.position * UInt64(self.tick.nanoseconds))
        self.eventLoop.assumeIsolated().scheduleTask(deadline: next) {
            self.isTicking = false
            self.turn(to: self.eventLoop.now)
            self.startTicking()
        }
    }

    /// Calls everybody whose time has come.
    private func turn(to now: NIODeadline) {
        let last = now.uptimeNanoseconds / UInt64(self.tick.nanoseconds)
        while self.position <= last {
            let slot = Int(self.position % UInt64(self.slots.count))
            self.position += 1
            let entries = self.slots[slot]
            self.slots[slot] = []
            self.count -= entries.count
            // All are out of the wheel before the first is called, who may arm and disarm whom it likes.
            let due = entries.filter { entry in
                guard let deadline = entry.wheelPlace?.deadline, deadline > now else {
                    entry.wheelPlace?.slot = nil
                    return true
                }
                self.insert(entry, deadline)
                return false
            }
            for entry in due where entry.wheelPlace != nil {
                entry.wheelPlace = nil
                entry.deadlineReached(now: now)
            }
        }
    }
}
