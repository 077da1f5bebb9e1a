/// A value that lives on the I/O thread: made anywhere, then read and released there alone.
///
/// It lets a `Sendable` front hold objects of a C library, or classes that are not `Sendable`.
///
/// `@unchecked Sendable`: the value is given away by whoever makes it (`sending`), each access asserts the thread, and
/// the last release hands the value over to the thread, so that also its `deinit` runs there.
package final class IOThreadBound<Value>: @unchecked Sendable {
    private var box: Box?

    package init(_ value: sending Value) { self.box = Box(value) }

    /// Binds what was made on the thread, where this is called.
    package init(here value: Value) {
        IOThread.shared.preconditionInside()
        nonisolated(unsafe) let value = value
        self.box = Box(value)
    }

    deinit {
        guard !IOThread.shared.isInside, let box = self.box else { return }
        self.box = nil
        IOThread.shared.execute { box.release() }
    }

    /// On the thread only.
    package var value: Value {
        IOThread.shared.preconditionInside()
        guard let value = self.box?.value else { preconditionFailure("the box is emptied by its deinit alone") }
        return value
    }

    /// `@unchecked Sendable`: it has one owner at a time, the bound or the job that releases it.
    private final class Box: @unchecked Sendable {
        private(set) var value: Value?
        init(_ value: sending Value) { self.value = value }
        func release() { self.value = nil }
    }
}
