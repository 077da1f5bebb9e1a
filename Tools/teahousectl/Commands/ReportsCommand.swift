import ArgumentParser
import ChatAPI
import Foundation
import NIOHTTP1
import ServiceKit

/// A report as Social shows it to operators.
private struct Report: Decodable {
    var id: Int64
    var reporterId: UserID
    var userId: UserID
    var messageId: MessageID?
    var content: String?
    var reason: String
    var status: String
    var createdAt: Timestamp
    var handledBy: String?
    var handledAt: Timestamp?
    var note: String?

    var text: String {
        var lines = ["report    \(self.id), \(self.status)", "about     user \(self.userId)"]
        if let message = self.messageId { lines.append("message   \(message): \(Output.clean(self.content ?? ""))") }
        lines.append("reason    \(Output.clean(self.reason))")
        lines.append("by        user \(self.reporterId), \(self.createdAt)")
        if let operator_ = self.handledBy, let at = self.handledAt { lines.append("handled   \(operator_), \(at)") }
        if let note = self.note { lines.append("note      \(Output.clean(note))") }
        return lines.joined(separator: "\n") + "\n"
    }
}

struct ReportsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reports", abstract: "What people have reported.",
        subcommands: [List.self, Take.self, Resolve.self, Dismiss.self, Reopen.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Reports, the oldest first.")
        @OptionGroup var connection: ConnectionOptions
        @Option(help: "open, taken, resolved or dismissed; all unless told.") var status: String?
        @Option(help: "The most to show.") var limit = 50
        @Option(help: "Where the list before ended.") var cursor: String?

        private struct Page: Decodable {
            var reports: [Report]
            var next: String?
        }

        func validate() throws {
            guard ["open", "taken", "resolved", "dismissed", nil].contains(self.status) else {
                throw ValidationError("--status is open, taken, resolved or dismissed")
            }
            guard (1...200).contains(self.limit), self.cursor.map({ Int64($0) != nil }) ?? true else {
                throw ValidationError("--limit is 1 to 200, --cursor a number")
            }
        }

        func run() async throws {
            try await self.connection.run { client in
                var path = "/internal/reports?limit=\(self.limit)"
                if let status { path += "&status=\(status)" }
                if let cursor { path += "&cursor=\(cursor)" }
                let answer = try await client.call(.social, .GET, path)
                if self.connection.json { return Output.printJSON(answer) }
                let page = try JSONDecoder().decode(Page.self, from: answer)
                print(page.reports.map(\.text).joined(separator: "\n"), terminator: "")
                if page.reports.isEmpty { print("There is none.") }
                if let next = page.next { print("\nThere are more: --cursor \(next)") }
            }
        }
    }

    struct Take: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Says that you look at it.")
        @OptionGroup var act: Act
        func run() async throws { try await self.act.settle("taken") }
    }

    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Something was done about it.")
        @OptionGroup var act: Act
        func run() async throws { try await self.act.settle("resolved") }
    }

    struct Dismiss: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "There is nothing to be done about it.")
        @OptionGroup var act: Act
        func run() async throws { try await self.act.settle("dismissed") }
    }

    struct Reopen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Gives a report that was taken back to the others.")
        @OptionGroup var act: Act
        func run() async throws { try await self.act.settle("open") }
    }

    /// One report, and what is said to it.
    struct Act: ParsableArguments {
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The report's number.") var report: Int64
        @Option(help: "What there is to say, for the audit.") var note: String?

        private struct Settlement: Encodable {
            var status: String
            var note: String?
        }

        func settle(_ status: String) async throws {
            try await self.connection.run { client in
                let answer = try await client.call(
                    .social, .POST, "/internal/reports/\(self.report)", Settlement(status: status, note: self.note))
                if self.connection.json { return Output.printJSON(answer) }
                print(try JSONDecoder().decode(Report.self, from: answer).text, terminator: "")
            }
        }
    }
}
