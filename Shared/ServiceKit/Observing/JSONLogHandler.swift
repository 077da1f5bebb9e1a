import Foundation
import Logging

/// One line of JSON per log entry on standard output, written at once so that lines of several threads stay whole.
///
/// Values under keys that name a secret are never written.
package struct JSONLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level
    private let label: String
    private let write: @Sendable (String) -> Void

    /// - Parameter write: takes a whole line with its end.
    package init(label: String, level: Logger.Level, write: @escaping @Sendable (String) -> Void = Self.standardOutput)
    {
        self.label = label
        self.logLevel = level
        self.write = write
    }

    package static let secretNames: Set<String> = [
        "token", "tokens", "password", "authorization", "cookie", "code", "secret", "key", "seed", "totp",
    ]

    package static let standardOutput: @Sendable (String) -> Void = { line in
        FileHandle.standardOutput.write(Data(line.utf8))
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = #"{"time":"\#(Date().formatted(Self.timeFormat))","level":"\#(event.level)","service":"#
        Self.append(self.label, to: &line)
        line += #","message":"#
        Self.append(event.message.description, to: &line)
        var metadata = self.metadata
        if let provided = self.metadataProvider?.get() { metadata.merge(provided) { $1 } }
        if let own = event.metadata { metadata.merge(own) { $1 } }
        if let error = event.error, metadata["error"] == nil { metadata["error"] = "\(error)" }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += ","
            Self.append(key, to: &line)
            line += ":"
            Self.append(key: key, value, to: &line)
        }
        self.write(line + "}\n")
    }

    private static let timeFormat = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    private static func append(key: String, _ value: Logger.Metadata.Value, to line: inout String) {
        if self.secretNames.contains(key.lowercased()) { return line += "\"…\"" }
        switch value {
        case .string(let text):
            self.append(text, to: &line)
        case .stringConvertible(let value):
            self.append(value.description, to: &line)
        case .array(let values):
            line += "["
            for (place, value) in values.enumerated() {
                if place > 0 { line += "," }
                self.append(key: "", value, to: &line)
            }
            line += "]"
        case .dictionary(let values):
            line += "{"
            for (place, pair) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                if place > 0 { line += "," }
                self.append(pair.key, to: &line)
                line += ":"
                self.append(key: pair.key, pair.value, to: &line)
            }
            line += "}"
        }
    }

    /// A JSON string. Line separators of Unicode are escaped too, so that no reader sees two lines.
    private static func append(_ text: String, to line: inout String) {
        line += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": line += "\\\""
            case "\\": line += "\\\\"
            case "\n": line += "\\n"
            case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}", "\u{2028}", "\u{2029}":
                let hex = String(scalar.value, radix: 16)
                line += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: line.unicodeScalars.append(scalar)
            }
        }
        line += "\""
    }
}
