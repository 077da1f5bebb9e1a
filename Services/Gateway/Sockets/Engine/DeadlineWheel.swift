import NIOCore

/// Somebody who is to be woken at a time, on the loop of its ``DeadlineWheel``.
protocol DeadlineEntry: AnyObject {
    /// The time it stands under in the wheel; the wheel's to write.
    var armedDeadline: NIODeadline? { get set }
    /// Called at or shortly after the deadline, never before.
    func deadlineReached(now: NIODeadline)
}

/// One timer for all that waits on an event loop: tens of thousands of heartbeats without a timer each.
///
/// Coarse: an entry is called up to one tick late, so whoever needs exactness checks its deadline itself when asked
/// something. An entry stands in it once, under its earliest deadline; it is to arm itself again when called. The wheel
/// keeps nobody alive.
final class DeadlineWheel {
    /// Whoever is gone before its deadline is not kept for it: many connections live shorter than their timeouts.
    private struct Item {
        weak var entry: (any DeadlineEntry)?
        let deadline: NIODeadline
    }

    private let eventLoop: any EventLoop
    private let tick: TimeAmount
    private var slots: [[Item]]
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
        if let armed = entry.armedDeadline, armed <= deadline { return }
        entry.armedDeadline = deadline
        if self.count == 0 { self.position = self.tickNumber(self.eventLoop.now) }
        self.insert(Item(entry: entry, deadline: deadline))
        self.count += 1
        self.startTicking()
    }

    /// The first tick that begins at or after `deadline`.
    private func tickNumber(_ deadline: NIODeadline) -> UInt64 {
        let tick = UInt64(self.tick.nanoseconds)
        return (deadline.uptimeNanoseconds + tick - 1) / tick
    }

    private func insert(_ item: Item) {
        // What lies further than one turn is looked at again in a turn's time.
        let furthest = self.position + UInt64(self.slots.count) - 1
        let number = min(max(self.tickNumber(item.deadline), self.position), furthest)
        self.slots[Int(number % UInt64(self.slots.count))].append(item)
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
            let items = self.slots[slot]
            self.slots[slot] = []
            for item in items {
                // Gone, or armed anew under an earlier time since: that one counts.
                guard let entry = item.entry, entry.armedDeadline == item.deadline else {
                    self.count -= 1
                    continue
                }
                guard item.deadline <= now else {
                    self.insert(item)
                    continue
                }
                self.count -= 1
                entry.armedDeadline = nil
                entry.deadlineReached(now: now)
            }
        }
    }
}
