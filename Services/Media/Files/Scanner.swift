import NIOPosix

/// Asks a command whether a file may be kept, as virus scanners answer: 0 it may, 1 it may not; anything else is a failure
/// of the scanner, and then nothing is kept.
///
/// A `final class` for its threads, one for each scan at once.
final class Scanner: Sendable {
    private let command: [String]
    private let timeout: Duration
    private let threads: NIOThreadPool

    /// - Parameter command: words with spaces between, the first a path; the file's own path is put behind them.
    init(command: String, timeout: Duration, atOnce: Int) {
        self.command = command.split(separator: " ").map(String.init)
        self.timeout = timeout
        self.threads = NIOThreadPool(numberOfThreads: atOnce)
        self.threads.start()
    }

    /// - Throws: ``MediaError/mediaRefused``, ``ScannerFailed``.
    func check(_ path: String) async throws {
        let limit = ["/usr/bin/timeout", "--kill-after=1", "\(self.timeout / .seconds(1))"]
        let status = try await self.threads.runIfActive { [command] in ChildProcess.run(limit + command + [path]) }
        switch status {
        case 0: return
        case 1: throw MediaError.mediaRefused
        default: throw ScannerFailed(status: status)
        }
    }
}

/// The scanner could not tell, or not in time (124).
struct ScannerFailed: Error {
    let status: Int32
}
