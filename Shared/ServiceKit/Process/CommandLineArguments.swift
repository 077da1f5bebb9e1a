/// What a service is to do, by its arguments; everything else it is told by the environment.
enum CommandLineArguments: Equatable {
    case serve, help
    case migrate(isDry: Bool)
    case unknown(String)

    init(_ arguments: [String]) {
        switch arguments {
        case []: self = .serve
        case ["--help"], ["-h"]: self = .help
        case ["--migrate"]: self = .migrate(isDry: false)
        case ["--migrate", "--dry-run"], ["--dry-run", "--migrate"]: self = .migrate(isDry: true)
        default: self = .unknown(arguments.joined(separator: " "))
        }
    }
}
