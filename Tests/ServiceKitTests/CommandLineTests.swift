import Testing

@testable import ServiceKit

@Suite struct CommandLineTests {
    @Test(arguments: [
        ([], CommandLineArguments.serve), (["--help"], .help), (["--migrate"], .migrate(isDry: false)),
        (["--migrate", "--dry-run"], .migrate(isDry: true)), (["--dry-run"], .unknown("--dry-run")),
        (["--migrat", "x"], .unknown("--migrat x")),
    ])
    func `a service is told by its arguments what to do`(arguments: [String], meaning: CommandLineArguments) {
        #expect(CommandLineArguments(arguments) == meaning)
    }
}
