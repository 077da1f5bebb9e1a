import ArgumentParser
import ChatAPI
import Foundation
import NIOHTTP1
import ServiceKit

/// A group as Social shows it to operators.
private struct Group: Decodable {
    struct Member: Decodable {
        var userId: UserID
        var role: Role
        var joinedAt: Timestamp
    }

    var id: ChatroomID
    var name: String
    var ownerId: UserID
    var createdAt: Timestamp
    var members: [Member]

    var text: String {
        var table = Table("MEMBER", "ROLE", "SINCE")
        for member in self.members { table.add("\(member.userId)", member.role.rawValue, "\(member.joinedAt)") }
        return """
            id       \(self.id)
            name     \(Output.clean(self.name))
            owner    \(self.ownerId)
            made     \(self.createdAt)
            members  \(self.members.count)

            \(table.text)
            """
    }
}

struct GroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Groups.", subcommands: [Show.self, Transfer.self, Dissolve.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A group and its members.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The chatroom's id.") var group: Int64

        func run() async throws {
            try await self.connection.run { client in
                GroupCommand.show(
                    try await client.call(.social, .GET, "/internal/chatrooms/\(self.group)"), self.connection)
            }
        }
    }

    struct Transfer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a member the owner of a group.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The chatroom's id.") var group: Int64
        @Argument(help: "The member: an id, or a username.") var user: AccountName

        private struct Wish: Encodable {
            var userId: UserID
        }

        func run() async throws {
            try await self.connection.run { client in
                let id = try await client.account(self.user).standing.account.id
                GroupCommand.show(
                    try await client.call(
                        .social, .PUT, "/internal/chatrooms/\(self.group)/owner", Wish(userId: id)), self.connection)
            }
        }
    }

    struct Dissolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends a group.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The chatroom's id.") var group: Int64
        @Flag(help: "It is meant: nothing brings a group back.") var yes = false

        func validate() throws {
            guard self.yes else { throw ValidationError("nothing brings a group back; add --yes where it is meant") }
        }

        func run() async throws {
            try await self.connection.run { client in
                _ = try await client.call(.social, .DELETE, "/internal/chatrooms/\(self.group)")
                print(self.connection.json ? "{}" : "The group \(self.group) is no more.")
            }
        }
    }

    private static func show(_ answer: Data, _ connection: ConnectionOptions) {
        guard !connection.json, let group = try? JSONDecoder().decode(Group.self, from: answer) else {
            return Output.printJSON(answer)
        }
        print(group.text, terminator: "")
    }
}
