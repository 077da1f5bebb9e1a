import IOThread

/// Carries an object of the I/O thread through the closures of another thread and back.
///
/// `@unchecked Sendable`: the object can be got at only on the I/O thread, which `value` asserts; elsewhere nothing but
/// its count is touched.
struct OnThread<Value: AnyObject>: @unchecked Sendable {
    private let held: Value

    init(_ value: Value) {
        IOThread.shared.preconditionInside()
        self.held = value
    }

    var value: Value {
        IOThread.shared.preconditionInside()
        return self.held
    }
}
