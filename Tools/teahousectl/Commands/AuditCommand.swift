import ArgumentParser
import ChatAPI
import Foundation
import NIOHTTP1
import ServiceKit

/// What was done: by users to their accounts, and by operators.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "What was done to accounts, groups and reports, and by whom.")

    enum Source: String, ExpressibleByArgument, CaseIterable {
        /// Accounts are Auth's, groups and reports Social's.
        case accounts, groups
    }

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "accounts, or groups (and reports).") var source = Source.accounts
    @Option(help: "Of one account: an id, or a username.") var user: AccountName?
    @Option(help: "The most to show.") var limit = 50
    @Option(help: "Where the list before ended.") var cursor: String?

    private struct Page: Decodable {
        struct Entry: Decodable {
            var at: Timestamp
            var action: String
            var userId: UserID?
            var chatroomId: ChatroomID?
            var reportId: Int64?
            var address: String?
            var `operator`: String?
            var note: String?

            var subject: String {
                var parts: [String] = []
                if let userId { parts.append("user \(userId)") }
                if let chatroomId { parts.append("chatroom \(chatroomId)") }
                if let reportId { parts.append("report \(reportId)") }
                return parts.joined(separator: ", ")
            }
        }
        var entries: [Entry]
        var next: String?
    }

    func validate() throws {
        guard (1...200).contains(self.limit), self.cursor.map({ Int64($0) != nil }) ?? true else {
            throw ValidationError("--limit is 1 to 200, --cursor a number")
        }
        guard self.user == nil || self.source == .accounts else { throw ValidationError("--user is for accounts") }
    }

    func run() async throws {
        try await self.connection.run { client in
            var path = "/internal/audit?limit=\(self.limit)"
            if let cursor { path += "&cursor=\(cursor)" }
            if let user { path += "&userId=\(try await client.account(user).standing.account.id)" }
            let answer = try await client.call(self.source == .accounts ? .auth : .social, .GET, path)
            if self.connection.json { return Output.printJSON(answer) }
            let page = try JSONDecoder().decode(Page.self, from: answer)
            var table = Table("AT", "ACTION", "OF", "BY", "NOTE")
            for entry in page.entries {
                table.add(
                    "\(entry.at)", entry.action, entry.subject, entry.operator ?? entry.address ?? "-",
                    entry.note.map(Output.clean) ?? "")
            }
            print(table.text, terminator: "")
            if let next = page.next { print("\nThere are more: --cursor \(next)") }
        }
    }
}
