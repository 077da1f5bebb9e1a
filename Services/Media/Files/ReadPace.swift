import NIOCore
import NIOPosix
import Synchronization

/// How much of a content is read at a time: little for a reader of whom nothing is known yet or who takes it slowly, so
/// that a thousand of those hold little memory; much for who takes it as it comes.
///
/// A `final class` with a `Mutex`: the one who writes and the one who reads on are not the same.
final class ReadPace: Sendable {
    static let smallest = 16 * 1024
    static let largest = 256 * 1024
    /// More than the kernel and the channel take for somebody who does not read.
    private static let trusted = 512 * 1024
    /// Who makes a write wait for so long is slow.
    private static let patience = Duration.milliseconds(100)

    private struct State {
        var size = ReadPace.smallest
        /// Bytes that were taken without a wait.
        var taken = 0
    }

    private let state = Mutex(State())

    var size: Int { self.state.withLock(\.size) }

    /// A chunk was written, which took so long. Returns when it may be known whether the connection takes more.
    ///
    /// A write is handed to the connection's event loop, and only there it shows that nobody takes it. Without looking,
    /// one would be ahead of a busy loop by megabytes.
    func wrote(_ bytes: Int, in time: Duration) async throws {
        let isTrusted = self.state.withLock { state in
            guard time < Self.patience else {
                state = State()
                return false
            }
            state.taken = min(state.taken + bytes, Self.trusted)
            guard state.taken == Self.trusted else { return false }
            state.size = min(state.size * 2, Self.largest)
            return true
        }
        guard !isTrusted else { return }
        // Which of them it is, is not told; all of them have come to this turn after what was handed over before.
        let loops = MultiThreadedEventLoopGroup.singleton
        let turns = loops.makeIterator().map { $0.submit {} }
        try await EventLoopFuture.andAllSucceed(turns, on: loops.any()).get()
    }
}
