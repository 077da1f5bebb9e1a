import ArgumentParser
import Foundation
import ServiceKit

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "The keys that sign tokens.", subcommands: [Rotate.self])

    /// Keys come from Auth's configuration, so this makes the lines for it; nothing is changed here.
    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a new signing key, and tells the three steps in which it takes the old one's place.",
            discussion: """
                AUTH_SIGNING_KEYS is read from the environment, or from --from. Nothing is sent anywhere: the lines \
                are for Auth's configuration. Nobody is signed out.
                """)
        @Option(
            help: ArgumentHelp(
                "A file that holds AUTH_SIGNING_KEYS as it is now, alone or as NAME=….", valueName: "file"))
        var from: String?
        @Option(help: "The new key's name; by default the day.") var kid: String?
        @Flag(help: "Print the steps as one JSON object.") var json = false

        func run() throws {
            let rotation = try KeyRotation(
                current: try self.current(), kid: self.kid ?? KeyRotation.kid(of: Date()), seed: Self.seed())
            if self.json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
                print(String(decoding: try encoder.encode(rotation.steps), as: UTF8.self))
            } else {
                print(rotation.text, terminator: "")
            }
        }

        private func current() throws -> String {
            guard let from else {
                guard let text = ProcessInfo.processInfo.environment["AUTH_SIGNING_KEYS"], !text.isEmpty else {
                    throw ValidationError("neither AUTH_SIGNING_KEYS nor --from tells the keys there are")
                }
                return text
            }
            guard let file = try? String(contentsOfFile: from, encoding: .utf8) else {
                throw ValidationError("\(from) cannot be read")
            }
            let lines = file.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            let line = lines.first { $0.contains("AUTH_SIGNING_KEYS=") } ?? lines.first ?? ""
            let value = line.split(separator: "=", maxSplits: 1).last.map(String.init) ?? ""
            return (line.contains("AUTH_SIGNING_KEYS=") ? value : line).trimmingCharacters(in: ["\"", "'"])
        }

        private static func seed() -> [UInt8] { (0..<32).map { _ in UInt8.random(in: .min ... .max) } }
    }
}

/// A new signing key that takes the place of the one that signs now.
struct KeyRotation {
    /// `AUTH_SIGNING_KEYS` in each of the three steps.
    struct Steps: Codable, Hashable {
        /// The new key is trusted, and signs nothing yet: an unknown key never causes a fetch.
        var publish: String
        /// It signs; the old one is trusted.
        var sign: String
        /// The old one is gone.
        var retire: String
    }

    let steps: Steps
    let kid: String
    let old: String

    /// - Throws: `ValidationError` for keys that are none, and a name that is taken.
    init(current: String, kid: String, seed: [UInt8]) throws {
        let keys = current.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let kids = keys.map { String($0.prefix { $0 != ":" }) }
        for (key, name) in zip(keys, kids) {
            // Never with a part of a key.
            guard key.contains(":"), Self.isKeyID(name),
                Base64URL.decode(key.dropFirst(name.count + 1))?.count == 32
            else { throw ValidationError("AUTH_SIGNING_KEYS is not kid:seed[,…] with seeds of 32 bytes in base64url") }
        }
        guard Self.isKeyID(kid) else { throw ValidationError("--kid is 1 to 64 of A-Z, a-z, 0-9, _ and -") }
        guard !kids.contains(kid), let first = kids.first else {
            throw ValidationError("there is a key \(kid) already; --kid names the new one otherwise")
        }
        let new = "\(kid):\(Base64URL.encode(seed))"
        self.steps = Steps(
            publish: (keys + [new]).joined(separator: ","), sign: ([new] + keys).joined(separator: ","), retire: new)
        self.kid = kid
        self.old = first
    }

    var text: String {
        """
        # 1. Every service learns the new key. Give this to every Auth, and restart one after the other:
        AUTH_SIGNING_KEYS=\(self.steps.publish)

        # 2. When all of them have it (teahousectl doctor says so), \(self.kid) signs. Again, one after the other:
        AUTH_SIGNING_KEYS=\(self.steps.sign)

        # 3. When no token of \(self.old) is left, AUTH_SESSION_IDLE (7 days unless told) after step 2:
        AUTH_SIGNING_KEYS=\(self.steps.retire)

        """
    }

    /// `k20261127`.
    static func kid(of date: Date) -> String {
        "k" + date.formatted(.iso8601.year().month().day().dateSeparator(.omitted))
    }

    private static func isKeyID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
