internal import CLibpq
import Foundation
import IOThread

/// A connection just opened, on its way to the I/O thread.
///
/// `@unchecked Sendable`: the thread that opened it gives it away and keeps nothing.
struct OpenedConnection: @unchecked Sendable {
    let pointer: OpaquePointer
}

/// Opens connections. libpq blocks while it resolves names, shakes hands and computes a SCRAM proof: each attempt has a
/// thread of its own, which ends with it; there are never more than places for connections.
struct Connector: Sendable {
    let configuration: PostgresConfiguration

    /// Opens one connection in pipeline mode; `done` is called on the I/O thread, where this must be called too.
    func open(done: @escaping (Result<OpenedConnection, PostgresError>) -> Void) {
        let done = IOThreadBound(here: done)
        let configuration = self.configuration
        Thread.detachNewThread {
            let result = Self.connect(configuration)
            IOThread.shared.execute { done.value(result) }
        }
    }

    private static func connect(_ configuration: PostgresConfiguration) -> Result<OpenedConnection, PostgresError> {
        do throws(PostgresError) {
            let pointer = try Self.connectBlocking(configuration.keywords())
            guard PQsetnonblocking(pointer, 1) == 0, PQenterPipelineMode(pointer) == 1 else {
                PQfinish(pointer)
                throw PostgresError(code: .unavailable, message: "libpq refuses pipeline mode")
            }
            return .success(OpenedConnection(pointer: pointer))
        } catch {
            return .failure(error)
        }
    }

    /// Opens a connection, blocking the calling thread.
    static func connectBlocking(_ keywords: [String: String]) throws(PostgresError) -> OpaquePointer {
        let names = keywords.keys.map { strdup($0) }
        let values = keywords.values.map { strdup($0) }
        defer { for text in names + values { free(text) } }
        let pointer = PQconnectdbParams(
            names.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 0)
        guard let pointer else { throw PostgresError(code: .unavailable, message: "out of memory") }
        guard PQstatus(pointer) == CONNECTION_OK else {
            let text = String(cString: PQerrorMessage(pointer))
            PQfinish(pointer)
            let line = text.split(separator: "\n").joined(separator: "; ")
            throw PostgresError(code: .unavailable, message: line)
        }
        // By default libpq prints notices on standard error.
        PQsetNoticeReceiver(pointer, { _, _ in }, nil)
        return pointer
    }
}
