import ChatAPI
import Foundation
import Logging
import Metrics

/// From the start of a process to its end: what every service's `main` does.
package enum ServiceProcess {
    /// Reads the configuration from the environment, sets up logs and metrics, makes the application and runs it.
    ///
    /// Ends the process: 0 after a signal, `--help` or `--migrate`, 64 for an unknown argument, 78 (`EX_CONFIG`) for a bad
    /// configuration, 1 for anything else.
    ///
    /// - Parameter migrations: of a service that has a database.
    package static func run<Configuration: ServiceConfiguration>(
        _ service: ServiceName, _ configuration: Configuration.Type,
        migrations: MigrationCommand<Configuration>? = nil,
        _ application: (Configuration) async throws -> ServiceApplication
    ) async -> Never {
        // A closed pipe or socket is an error where it is written, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let keys = ConfigurationKeys(service: service.rawValue, environment: ProcessInfo.processInfo.environment)
        let configuration = Configuration(keys)
        keys.findUnknown()
        let arguments = CommandLineArguments(Array(CommandLine.arguments.dropFirst()))
        switch arguments {
        case .serve: break
        case .migrate where migrations != nil: break
        case .help:
            print(keys.help(takesMigrate: migrations != nil))
            self.end(0)
        case .migrate:
            self.complain("\(service.rawValue): it has no database, so nothing to migrate\n")
            self.end(64)
        case .unknown(let argument):
            self.complain(
                "\(service.rawValue): unknown argument \(argument); it takes --help\(migrations == nil ? "" : ", --migrate [--dry-run]")"
                    + " and the environment\n")
            self.end(64)
        }
        guard keys.problems.isEmpty else {
            let list = keys.problems.map { "  \($0)\n" }.joined()
            self.complain(
                "\(service.rawValue) cannot start, its configuration is not right (--help lists all keys):\n\(list)")
            self.end(78)
        }
        let level = configuration.common.logLevel
        LoggingSystem.bootstrap { JSONLogHandler(label: $0, level: level) }
        MetricsSystem.bootstrap(PrometheusMetrics.shared)
        let logger = Logger(label: service.rawValue)
        let common = configuration.common
        if let tracing = common.tracing {
            Tracer.shared = Tracer(
                tracing, service: service.rawValue, instance: common.internalAddress.description,
                metrics: PrometheusMetrics.shared, logger: logger)
        }
        let weakSecrets = keys.weakSecrets.sorted()
        do {
            if case .migrate(let isDry) = arguments, let migrations {
                print(try await migrations.run(configuration, isDry), terminator: "")
                self.end(0)
            }
            let application = try await application(configuration)
            application.report { $0.weakSecrets = weakSecrets }
            try await application.run()
            self.end(0)
        } catch {
            logger.critical("ended by an error", metadata: ["error": "\(error)"])
            self.end(1)
        }
    }

    private static func complain(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    /// Not by `exit`, which takes from OpenSSL and others what threads that still run are using.
    private static func end(_ status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }
}
