import ArgumentParser
import ChatAPI
import Foundation
import NIOHTTP1
import ServiceKit

extension MessageID: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "The way of one message, and the first hop that is missing.",
        discussion: """
            A message is named by its id, <chatroomId>.<seq>; or by the client id under which it was sent, with --chatroom \
            and --sender. Every process remembers some 16,000 of the last. Fails where a hop is missing.
            """)
    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "A message id, as 17.42.") var message: MessageID?
    @Option(help: "The UUID that the client gave the message.") var clientId: String?
    @Option(help: "With --client-id: the chatroom's id.") var chatroom: Int64?
    @Option(help: "With --client-id: the sender's id.") var sender: Int64?

    func validate() throws {
        guard (self.message == nil) != (self.clientId == nil) else {
            throw ValidationError("a message is named by its id, or else by --client-id")
        }
        guard let clientId else { return }
        guard UUID(uuidString: clientId) != nil, self.chatroom != nil, self.sender != nil else {
            throw ValidationError("--client-id takes a UUID, and --chatroom and --sender beside it")
        }
    }

    func run() async throws {
        try await self.connection.run { client in
            let id: MessageID
            if let message {
                id = message
            } else {
                let path =
                    "/internal/explain?chatroomId=\(self.chatroom ?? 0)&senderId=\(self.sender ?? 0)"
                    + "&clientId=\(self.clientId ?? "")"
                let answer = try await client.call(.history, .GET, path)
                id = try JSONDecoder().decode(ExplainedEntry.self, from: answer).id
            }
            let way = try await Self.way(of: id, client)
            if self.connection.json {
                Output.printJSON(try JSONEncoder.teahouse.encode(way))
            } else {
                print(way.text, terminator: "")
                if let missing = way.firstMissing { print("\nThe first missing hop: \(missing.what).") }
            }
            if way.firstMissing != nil { throw ExitCode.failure }
        }
    }

    private static func way(of id: MessageID, _ client: OperatorClient) async throws -> MessageWay {
        var silent: [String] = []
        var entries: [ExplainedEntry] = []
        var deliveries: [ExplainedDelivery] = []
        for url in client.instances(of: .history) {
            do {
                let answer = try await client.call(url, .GET, "/internal/explain/\(id)")
                entries.append(try JSONDecoder().decode(ExplainedEntry.self, from: answer))
            } catch CallFailure.refused(404, _) {
                continue
            } catch CallFailure.unreachable {
                silent.append("History at \(url)")
            }
        }
        for url in client.instances(of: .gateway) {
            do {
                let answer = try await client.call(url, .GET, "/internal/explain/\(id)")
                deliveries.append(try JSONDecoder().decode(ExplainedDelivery.self, from: answer))
            } catch CallFailure.unreachable {
                silent.append("Gateway at \(url)")
            }
        }
        return MessageWay(id, entries: entries, deliveries: deliveries, silent: silent)
    }
}
