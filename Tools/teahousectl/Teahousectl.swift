import ArgumentParser

/// What operators do to a running Teahouse, over the internal listeners of its services.
///
/// Exit status: 0; 1 where a service refuses, or something is wrong; 64 for wrong arguments; 69 where a service is not
/// reached; 77 where it does not take the key.
@main
struct Teahousectl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "teahousectl", abstract: "Looks after a running Teahouse.",
        discussion: """
            It speaks with the services' internal listeners, which AUTH_URLS, SOCIAL_URLS, HISTORY_URLS, MEDIA_URLS and \
            GATEWAY_URLS name, by the operators' key in OPERATOR_KEY. Whatever it does to accounts, groups and reports is \
            in the audit, under the name in OPERATOR_NAME.
            """,
        version: "1.0.0",
        subcommands: [
            UserCommand.self, GroupCommand.self, ReportsCommand.self, AuditCommand.self, KeysCommand.self,
            DoctorCommand.self, ExplainCommand.self,
        ])
}
