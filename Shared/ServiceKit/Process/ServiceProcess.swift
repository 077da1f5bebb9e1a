import Foundation
import Logging
import Metrics

/// From the start of a process to its end: what every service's `main` does.
package enum ServiceProcess {
    /// Reads the configuration from the environment, sets up logs and metrics, makes the application and runs it.
    ///
    /// Ends the process: 0 after a signal or `--help`, 64 for an unknown argument, 78 (`EX_CONFIG`) for a bad
    /// configuration, 1 for anything else.
    package static func run<Configuration: ServiceConfiguration>(
        _ service: ServiceName, _ configuration: Configuration.Type,
        _ application: (Configuration) async throws -> ServiceApplication
    ) async -> Never {
        // A closed pipe or socket is an error where it is written, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let keys = ConfigurationKeys(service: service.rawValue, environment: ProcessInfo.processInfo.environment)
        let configuration = Configuration(keys)
        keys.findUnknown()
        switch CommandLine.arguments.dropFirst().first {
        case nil: break
        case "--help", "-h":
            print(keys.help)
            exit(0)
        case .some(let argument):
            self.complain("\(service.rawValue): unknown argument \(argument); it takes --help and the environment\n")
            exit(64)
        }
        guard keys.problems.isEmpty else {
            let list = keys.problems.map { "  \($0)\n" }.joined()
            self.complain(
                "\(service.rawValue) cannot start, its configuration is not right (--help lists all keys):\n\(list)")
            exit(78)
        }
        let level = configuration.common.logLevel
        LoggingSystem.bootstrap { JSONLogHandler(label: $0, level: level) }
        MetricsSystem.bootstrap(PrometheusMetrics.shared)
        let logger = Logger(label: service.rawValue)
        do {
            try await application(configuration).run()
            exit(0)
        } catch {
            logger.critical("ended by an error", metadata: ["error": "\(error)"])
            exit(1)
        }
    }

    private static func complain(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
