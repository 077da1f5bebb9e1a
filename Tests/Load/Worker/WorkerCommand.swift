import ArgumentParser
import Foundation
import IOThread

/// A process that holds connections for a run, which starts it and speaks to it in lines of JSON. Ends when its standard
/// input does.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Holds connections for a run, which starts it.", shouldDisplay: false)

    func run() throws {
        let place = IOThreadBound(WorkerPlace())
        while let line = readLine() {
            let message = try JSONDecoder().decode(WorkerCommandMessage.self, from: Data(line.utf8))
            IOThread.shared.execute { place.value.handle(message) }
        }
    }

    static func report(_ report: WorkerReport) {
        guard let line = try? JSONEncoder().encode(report) else { preconditionFailure("reports can be encoded") }
        FileHandle.standardOutput.write(line + Data("\n".utf8))
    }
}

/// Where the worker is, once it knows its plan; on the I/O thread.
private final class WorkerPlace {
    private var worker: Worker?

    func handle(_ message: WorkerCommandMessage) {
        guard case .prepare(let plan) = message else { return self.worker?.handle(message) ?? () }
        do {
            self.worker = try Worker(plan) { WorkerCommand.report($0) }
            WorkerCommand.report(.prepared)
        } catch {
            WorkerCommand.report(.failed("\(error)"))
        }
    }
}
