import ArgumentParser
import ChatAPI
import Foundation
import NIOHTTP1
import ServiceKit

/// Whom a command is about: an id, or a username.
struct AccountName: ExpressibleByArgument, Sendable {
    let text: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        self.text = argument
    }

    /// Digits alone are an id; a username of digits is found with `@` before it.
    var query: String {
        if let id = UserID(self.text) { return "id=\(id)" }
        let name = self.text.hasPrefix("@") ? String(self.text.dropFirst()) : self.text
        let allowed = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: Unicode.Scalar(0)..."~"))
        return "username=\(name.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
    }
}

/// An account as Auth shows it to operators.
struct Standing: Decodable {
    struct Account: Decodable {
        var id: UserID
        var username: String
        var nickname: String
        var email: String?
        var emailVerified: Bool
        var createdAt: Timestamp
    }

    var account: Account
    var disabledAt: Timestamp?
    var secondFactor: Bool
    var sessions: Int

    var text: String {
        """
        id             \(self.account.id)
        username       \(self.account.username)
        nickname       \(Output.clean(self.account.nickname))
        email          \(self.account.email.map { Output.clean($0) + (self.account.emailVerified ? "" : " (not verified)") } ?? "none")
        registered     \(self.account.createdAt)
        second factor  \(self.secondFactor ? "yes" : "no")
        sessions       \(self.sessions)
        may sign in    \(self.disabledAt.map { "no, disabled at \($0)" } ?? "yes")

        """
    }
}

extension OperatorClient {
    func account(_ name: AccountName) async throws -> (standing: Standing, answer: Data) {
        let answer = try await self.call(.auth, .GET, "/internal/accounts?\(name.query)")
        return (try JSONDecoder().decode(Standing.self, from: answer), answer)
    }
}

/// What stands in the audit beside an act.
struct Note: Encodable {
    var note: String?
}

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Accounts.",
        subcommands: [Show.self, Sessions.self, SignOut.self, Disable.self, Enable.self, ResetPassword.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Who somebody is.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "An id, or a username (@ before it where it is digits).") var user: AccountName

        func run() async throws {
            try await self.connection.run { client in
                let (standing, answer) = try await client.account(self.user)
                if self.connection.json { return Output.printJSON(answer) }
                print(standing.text, terminator: "")
            }
        }
    }

    struct Sessions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Where somebody is signed in.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "An id, or a username.") var user: AccountName

        private struct List: Decodable {
            struct Session: Decodable {
                var id: UUID
                var device: String?
                var address: String
                var createdAt: Timestamp
                var lastUsedAt: Timestamp
            }
            var sessions: [Session]
        }

        func run() async throws {
            try await self.connection.run { client in
                let id = try await client.account(self.user).standing.account.id
                let answer = try await client.call(.auth, .GET, "/internal/accounts/\(id)/sessions")
                if self.connection.json { return Output.printJSON(answer) }
                var table = Table("SESSION", "DEVICE", "ADDRESS", "SINCE", "LAST USED")
                for session in try JSONDecoder().decode(List.self, from: answer).sessions {
                    table.add(
                        session.id.uuidString, session.device.map(Output.clean) ?? "-", session.address,
                        "\(session.createdAt)", "\(session.lastUsedAt)")
                }
                print(table.text, terminator: "")
            }
        }
    }

    struct SignOut: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends all sessions of somebody.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "An id, or a username.") var user: AccountName
        @Option(help: "Why, for the audit.") var note: String?

        func run() async throws {
            try await self.connection.run { client in
                let account = try await client.account(self.user).standing.account
                _ = try await client.call(
                    .auth, .POST, "/internal/accounts/\(account.id)/sign-out", Note(note: self.note))
                print(self.connection.json ? "{}" : "\(account.username) is signed out everywhere.")
            }
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets somebody sign in no more, and ends all their sessions.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "An id, or a username.") var user: AccountName
        @Option(help: "Why, for the audit.") var note: String?

        func run() async throws {
            try await UserCommand.act("disable", on: self.user, note: self.note, self.connection)
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lets somebody sign in again.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "An id, or a username.") var user: AccountName
        @Option(help: "Why, for the audit.") var note: String?

        func run() async throws {
            try await UserCommand.act("enable", on: self.user, note: self.note, self.connection)
        }
    }

    struct ResetPassword: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives somebody a new password, and ends all their sessions.",
            discussion: "The password is made at random and shown once, unless standard input brings one.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "An id, or a username.") var user: AccountName
        @Flag(help: "Take the password from the first line of standard input.") var fromInput = false
        @Flag(help: "Remove the second factor too, for somebody who has lost it.") var removeSecondFactor = false
        @Option(help: "Why, for the audit.") var note: String?

        private struct NewPassword: Encodable {
            var password: String?
            var removeSecondFactor: Bool
            var note: String?
        }

        private struct Answer: Decodable {
            var password: String?
        }

        func run() async throws {
            let password = self.fromInput ? readLine() : nil
            if self.fromInput, password == nil { throw ValidationError("standard input brings no password") }
            try await self.connection.run { client in
                let account = try await client.account(self.user).standing.account
                let answer = try await client.call(
                    .auth, .PUT, "/internal/accounts/\(account.id)/password",
                    NewPassword(
                        password: password, removeSecondFactor: self.removeSecondFactor, note: self.note))
                if self.connection.json { return Output.printJSON(answer) }
                print("\(account.username) has a new password, and is signed out everywhere.")
                if let password = try JSONDecoder().decode(Answer.self, from: answer).password { print(password) }
            }
        }
    }

    /// `disable` and `enable`, which answer the account as it is then.
    private static func act(
        _ act: String, on user: AccountName, note: String?, _ connection: ConnectionOptions
    ) async throws {
        try await connection.run { client in
            let id = try await client.account(user).standing.account.id
            let answer = try await client.call(.auth, .POST, "/internal/accounts/\(id)/\(act)", Note(note: note))
            if connection.json { return Output.printJSON(answer) }
            print(try JSONDecoder().decode(Standing.self, from: answer).text, terminator: "")
        }
    }
}
