/// Brings a service's database up to date without starting the service: `--migrate`, and `--migrate --dry-run`, which
/// only tells what would run.
package struct MigrationCommand<Configuration: ServiceConfiguration>: Sendable {
    /// What has run, or would; a text for people.
    package let run: @Sendable (_ configuration: Configuration, _ isDry: Bool) async throws -> String

    package init(run: @escaping @Sendable (_ configuration: Configuration, _ isDry: Bool) async throws -> String) {
        self.run = run
    }
}
