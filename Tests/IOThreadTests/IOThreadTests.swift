import Foundation
import Synchronization
import Testing

@testable import IOThread

struct IOThreadTests {
    @Test func `jobs run on the thread, in the order they were handed over`() async {
        let seen = Mutex<[Int]>([])
        #expect(!IOThread.shared.isInside)
        await withCheckedContinuation { continuation in
            for number in 0..<1_000 {
                IOThread.shared.execute {
                    IOThread.shared.preconditionInside()
                    seen.withLock { $0.append(number) }
                    if number == 999 { continuation.resume() }
                }
            }
        }
        #expect(seen.withLock(\.self) == Array(0..<1_000))
    }

    @Test func `jobs from many threads all run`() async {
        let count = Count()
        await withTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    for _ in 0..<200 {
                        await withCheckedContinuation { continuation in
                            IOThread.shared.execute {
                                count.add()
                                continuation.resume()
                            }
                        }
                    }
                }
            }
        }
        #expect(count.value == 10_000)
    }

    @Test func `a descriptor is told readable when bytes come and when the other side closes`() async throws {
        let pair = try SocketPair()
        let told = AsyncStream<String>.makeStream()
        let watch: IOThreadBound<IOThread.Watch> = await onIOThread {
            let watch = IOThread.shared.watch(pair.near, .read) { readiness in
                var bytes = [UInt8](repeating: 0, count: 100)
                let count = read(pair.near, &bytes, bytes.count)
                #expect(readiness == .read)
                told.continuation.yield(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
            }
            return IOThreadBound(here: watch)
        }
        var answers = told.stream.makeAsyncIterator()
        _ = write(pair.far, "tea", 3)
        #expect(await answers.next() == "tea")
        _ = write(pair.far, "house", 5)
        #expect(await answers.next() == "house")
        pair.closeFar()
        #expect(await answers.next() == "")
        await onIOThread { watch.value.cancel() }
        pair.closeNear()
    }

    @Test func `interest changes what is told, and a cancelled watch is silent`() async throws {
        let pair = try SocketPair()
        let told = AsyncStream<IOThread.Readiness>.makeStream()
        let watch: IOThreadBound<IOThread.Watch> = await onIOThread {
            let watch = IOThread.shared.watch(pair.near, .read) { told.continuation.yield($0) }
            return IOThreadBound(here: watch)
        }
        // A socket with room is always writable; only now it is asked for.
        await onIOThread { watch.value.interest = .write }
        var answers = told.stream.makeAsyncIterator()
        #expect(await answers.next() == .write)
        await onIOThread { watch.value.cancel() }
        let count = Mutex(0)
        await onIOThread {
            watch.value.interest = [.read, .write]
            let other = IOThread.shared.watch(pair.near, .write) { _ in count.withLock { $0 += 1 } }
            IOThread.shared.schedule(after: .milliseconds(1)) {
                other.cancel()
                told.continuation.finish()
            }
        }
        // The first watch said nothing more after what it had said before it was cancelled.
        while let readiness = await answers.next() { #expect(readiness == .write) }
        #expect(count.withLock(\.self) > 0)
        pair.closeFar()
        pair.closeNear()
    }

    @Test func `a handler may cancel another watch that is ready in the same turn`() async throws {
        let (first, second) = (try SocketPair(), try SocketPair())
        let calls: Int = await withCheckedContinuation { continuation in
            IOThread.shared.execute {
                let both = Both()
                for pair in [first, second] {
                    _ = write(pair.far, "x", 1)
                    let watch = IOThread.shared.watch(pair.near, .read) { _ in
                        both.calls += 1
                        // Each silences the other and itself: only one can have been called.
                        for watch in both.watches { watch.cancel() }
                    }
                    both.watches.append(watch)
                }
                IOThread.shared.schedule(after: .milliseconds(20)) { continuation.resume(returning: both.calls) }
            }
        }
        #expect(calls == 1)
        for pair in [first, second] {
            pair.closeFar()
            pair.closeNear()
        }
    }

    @Test func `timers fire in order, never early, and not when cancelled`() async {
        let start = ContinuousClock.now
        let order: [Int] = await withCheckedContinuation { continuation in
            IOThread.shared.execute {
                let log = Log()
                for delay in [30, 10, 20] {
                    IOThread.shared.schedule(after: .milliseconds(delay)) {
                        log.order.append(delay)
                        if ContinuousClock.now - start < .milliseconds(delay) { log.order.append(-delay) }
                        if delay == 30 { continuation.resume(returning: log.order) }
                    }
                }
                IOThread.shared.schedule(after: .milliseconds(15)) { log.order.append(15) }.cancel()
            }
        }
        #expect(order == [10, 20, 30])
    }

    @Test func `a bound value is read and released on the thread`() async {
        let released = AsyncStream<Bool>.makeStream()
        do {
            let bound = IOThreadBound(Witness { released.continuation.yield(IOThread.shared.isInside) })
            await onIOThread { bound.value.touch() }
        }
        var answers = released.stream.makeAsyncIterator()
        #expect(await answers.next() == true)
    }

    private final class Count: Sendable {
        private let number = Atomic<Int>(0)
        var value: Int { self.number.load(ordering: .relaxed) }
        func add() { self.number.add(1, ordering: .relaxed) }
    }

    private final class Both {
        var watches: [IOThread.Watch] = []
        var calls = 0
    }

    private final class Log {
        var order: [Int] = []
    }

    private final class Witness {
        private let onRelease: @Sendable () -> Void
        init(onRelease: @escaping @Sendable () -> Void) { self.onRelease = onRelease }
        deinit { self.onRelease() }
        func touch() { IOThread.shared.preconditionInside() }
    }
}

private func onIOThread<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
        IOThread.shared.execute { continuation.resume(returning: body()) }
    }
}

private struct SocketPair: Sendable {
    let near: Int32
    let far: Int32

    init() throws {
        var descriptors: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &descriptors) == 0)
        (self.near, self.far) = (descriptors[0], descriptors[1])
    }

    func closeFar() { close(self.far) }
    func closeNear() { close(self.near) }
}
