import CLinux

extension IOThread {
    /// What a descriptor is watched for, and what it is ready for.
    package struct Readiness: OptionSet, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let read = Readiness(rawValue: 1)
        package static let write = Readiness(rawValue: 2)

        init(epoll events: UInt32) {
            // Errors and hang-ups come unasked: whichever side the owner waits for will meet them.
            if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 {
                self = [.read, .write]
                return
            }
            self = []
            if events & EPOLLIN.rawValue != 0 { self.insert(.read) }
            if events & EPOLLOUT.rawValue != 0 { self.insert(.write) }
        }

        var epoll: UInt32 {
            (self.contains(.read) ? EPOLLIN.rawValue : 0) | (self.contains(.write) ? EPOLLOUT.rawValue : 0)
        }
    }

    /// A descriptor that the thread watches; kept by the thread until cancelled. On the thread only.
    package final class Watch {
        let id: UInt64
        let descriptor: Int32
        private(set) var handler: (Readiness) -> Void
        private unowned let thread: IOThread

        /// What it is watched for. Nothing is `[]`: then only errors are told, and with an empty `Readiness`.
        package var interest: Readiness {
            didSet { if self.interest != oldValue { self.thread.change(self) } }
        }

        init(
            thread: IOThread, id: UInt64, descriptor: Int32, interest: Readiness, handler: @escaping (Readiness) -> Void
        ) {
            self.thread = thread
            self.id = id
            self.descriptor = descriptor
            self.interest = interest
            self.handler = handler
        }

        /// After this the handler is not called again, also not for what this turn of the loop has found.
        package func cancel() {
            self.thread.remove(self)
            // It usually holds its owner, which holds this.
            self.handler = { _ in }
        }
    }

    /// A delay that runs. On the thread only.
    package final class Timer {
        private let id: DeadlineQueue<() -> Void>.ID
        private unowned let thread: IOThread

        init(thread: IOThread, id: DeadlineQueue<() -> Void>.ID) {
            self.thread = thread
            self.id = id
        }

        /// Does nothing when the delay is over.
        package func cancel() { self.thread.cancelTimer(self.id) }
    }
}

@available(*, unavailable)
extension IOThread.Watch: Sendable {}

@available(*, unavailable)
extension IOThread.Timer: Sendable {}
