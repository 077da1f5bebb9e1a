import ArgumentParser

/// Puts Gateways under load and counts what they do: deliveries, latencies, what was lost.
///
/// Three kinds of process, all of this executable: the run (``GatewayRun``), which people start; its workers
/// (``WorkerCommand``), which hold the connections; and the stub (``StubCommand``), which answers in place of Auth,
/// Social and History.
@main
struct LoadTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loadtest", abstract: "Puts parts of Teahouse under load.",
        subcommands: [
            GatewayCommand.self, HistoryCommand.self, MediaCommand.self, AuthCommand.self, SocialCommand.self,
            StubCommand.self, WorkerCommand.self, PasswordLoopCommand.self,
        ])
}
