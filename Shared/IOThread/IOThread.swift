import CLinux
import Glibc
import Synchronization

/// The process's one I/O thread: an epoll loop that drives the sockets of libpq and hiredis.
///
/// Anybody may hand it work with ``execute(_:)``. Everything else, descriptors and timers, is used on the thread alone,
/// which each method asserts. Nothing that runs on it may block: a turn of the loop holds up every connection of the
/// process. A C library's objects live in an ``IOThreadBound``, so that only this thread can reach them.
///
/// `@unchecked Sendable`: `jobs` is a `Mutex` and `handle` an `Atomic`; the descriptors never change; `watches`,
/// `deadlines` and `nextID` are touched only after `preconditionInside()`, hence by one thread.
package final class IOThread: @unchecked Sendable {
    package static let shared = IOThread()

    private let epoll: Int32
    private let wakeup: Int32
    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let handle = Atomic<pthread_t>(0)
    private var watches: [UInt64: Watch] = [:]
    private var deadlines = DeadlineQueue<() -> Void>()
    /// 0 is the wake-up descriptor.
    private var nextID: UInt64 = 1

    private init() {
        self.epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        self.wakeup = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        precondition(self.epoll >= 0 && self.wakeup >= 0, "no descriptors left for the I/O thread")
        self.control(EPOLL_CTL_ADD, self.wakeup, id: 0, interest: .read)

        var thread = pthread_t()
        let failed = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<IOThread>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        precondition(failed == 0, "the I/O thread could not be started")
    }

    /// Runs `job` on the thread, after those handed over before it. From any thread; many calls cost one wake-up.
    package func execute(_ job: @escaping @Sendable () -> Void) {
        let isFirst = self.jobs.withLock { jobs in
            jobs.append(job)
            return jobs.count == 1
        }
        guard isFirst else { return }
        var one: UInt64 = 1
        _ = write(self.wakeup, &one, MemoryLayout<UInt64>.size)
    }

    /// Whether the caller runs on the thread.
    package var isInside: Bool { self.handle.load(ordering: .acquiring) == pthread_self() }

    package func preconditionInside() {
        precondition(self.isInside, "this is done on the I/O thread alone")
    }

    /// Calls `handler` each time `descriptor` is ready for what `interest` names, until the watch is cancelled.
    ///
    /// Level-triggered: what is left unread is told again. An error or a hang-up is told as ready for everything, so
    /// that the next read or write meets it. A descriptor has one watch; cancel it before the descriptor is closed.
    /// On the thread only.
    package func watch(
        _ descriptor: Int32, _ interest: Readiness, handler: @escaping (Readiness) -> Void
    ) -> Watch {
        self.preconditionInside()
        let watch = Watch(thread: self, id: self.nextID, descriptor: descriptor, interest: interest, handler: handler)
        self.nextID += 1
        self.watches[watch.id] = watch
        self.control(EPOLL_CTL_ADD, descriptor, id: watch.id, interest: interest)
        return watch
    }

    /// Calls `handler` once when `delay` is over, unless the timer is cancelled before. On the thread only.
    @discardableResult
    package func schedule(after delay: Duration, handler: @escaping () -> Void) -> Timer {
        self.preconditionInside()
        return Timer(thread: self, id: self.deadlines.insert(handler, at: .now + delay))
    }

    // MARK: Used by watches and timers

    func change(_ watch: Watch) {
        self.preconditionInside()
        guard self.watches[watch.id] != nil else { return }
        self.control(EPOLL_CTL_MOD, watch.descriptor, id: watch.id, interest: watch.interest)
    }

    func remove(_ watch: Watch) {
        self.preconditionInside()
        guard self.watches.removeValue(forKey: watch.id) != nil else { return }
        // Fails when the descriptor is closed already, which has removed it: nothing is left to do then.
        var event = epoll_event()
        _ = epoll_ctl(self.epoll, EPOLL_CTL_DEL, watch.descriptor, &event)
    }

    func cancelTimer(_ id: DeadlineQueue<() -> Void>.ID) {
        self.preconditionInside()
        self.deadlines.remove(id)
    }

    // MARK: The loop

    private func run() {
        self.handle.store(pthread_self(), ordering: .releasing)
        name_this_thread("io")
        // Signals are for the other threads; a write to a closed socket answers EPIPE here.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)

        var events = [epoll_event](repeating: epoll_event(), count: 256)
        while true {
            let count = epoll_wait(self.epoll, &events, Int32(events.count), self.millisecondsToWait())
            precondition(count >= 0 || errno == EINTR, "epoll_wait failed")
            for event in events.prefix(Int(max(0, count))) { self.deliver(event) }
            let now = ContinuousClock.now
            while let handler = self.deadlines.popDue(now: now) { handler() }
            for job in self.jobs.withLock({ exchange(&$0, with: []) }) { job() }
        }
    }

    private func deliver(_ event: epoll_event) {
        let id = event.data.u64
        if id == 0 {
            var count: UInt64 = 0
            _ = read(self.wakeup, &count, MemoryLayout<UInt64>.size)
            return
        }
        // A handler of this same turn may have cancelled the watch. Ids are never used twice, descriptors are.
        guard let watch = self.watches[id] else { return }
        watch.handler(Readiness(epoll: event.events).intersection(watch.interest))
    }

    /// Rounded up: a timer must not find itself early and the loop spin until it is due.
    private func millisecondsToWait() -> Int32 {
        guard let next = self.deadlines.next else { return -1 }
        let left = next - .now
        guard left > .zero else { return 0 }
        let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
        return Int32(clamping: milliseconds)
    }

    private func control(_ operation: Int32, _ descriptor: Int32, id: UInt64, interest: Readiness) {
        var event = epoll_event(events: interest.epoll, data: epoll_data_t(u64: id))
        let failed = epoll_ctl(self.epoll, operation, descriptor, &event)
        precondition(failed == 0, "epoll_ctl failed for descriptor \(descriptor): errno \(errno)")
    }
}

private func exchange<T>(_ place: inout T, with new: T) -> T {
    let old = place
    place = new
    return old
}
