import NIOCore

/// Lets a task run on an event loop, for as long as it does nothing long: between it and what lives on the loop no thread
/// has to be woken. Made once for each loop, and kept: tasks hold it unowned.
final class LoopExecutor: TaskExecutor {
    let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
