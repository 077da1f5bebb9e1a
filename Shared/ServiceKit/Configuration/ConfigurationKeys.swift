import Foundation
import Logging

/// A service's own configuration: every key of it is read, declared and explained in its `init`.
package protocol ServiceConfiguration: Sendable {
    init(_ keys: ConfigurationKeys)
    var common: CommonConfiguration { get }
}

/// The environment of a process, read key by key. Reading a key declares it: with its type, default and meaning, for
/// `--help`, and so that unknown keys are found.
///
/// What is wrong is collected and told all at once; until then a reader gets a value of the right type in its place.
/// Used by one task, at start.
package final class ConfigurationKeys {
    /// `local` makes do with default secrets; `production` refuses them.
    package enum Mode: String, Sendable, CaseIterable { case local, production }

    /// One declared key, as `--help` prints it.
    struct Declaration {
        var name: String
        var kind: String
        var usual: String?
        var explanation: String
    }

    package let service: String
    package private(set) var mode = Mode.production
    private let environment: [String: String]
    private(set) var declarations: [Declaration] = []
    private(set) var problems: [String] = []
    /// The keys whose secrets could be guessed, which local mode bears.
    private(set) var weakSecrets: Set<String> = []

    /// - Parameter service: the lower-case name; keys that begin with it in capitals and `_` are the service's own.
    package init(service: String, environment: [String: String]) {
        self.service = service
        self.environment = environment
        self.mode = self.choice(
            "TEAHOUSE_MODE", default: .production, "`local` makes do with default secrets, `production` refuses them")
    }

    // MARK: Reading, by type

    /// Required where no default is given.
    ///
    /// - Parameter shown: what stands for a default that is another one each time.
    package func text(
        _ name: String, default usual: String? = nil, shown: String? = nil, _ explanation: String
    ) -> String {
        self.read(name, kind: "text", usual: usual, shown: shown ?? usual, explanation, instead: "") {
            $0.isEmpty ? nil : $0
        }
    }

    package func optionalText(_ name: String, _ explanation: String) -> String? {
        self.declare(name, kind: "text", usual: "none", explanation)
        return self.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A secret. `local` is used in local mode only, where nothing is set; outside it a secret must be set, at least 32
    /// characters long with 8 different ones, and not be the local one.
    package func secret(_ name: String, local: String? = nil, _ explanation: String) -> String {
        self.declare(name, kind: "secret", usual: local == nil ? nil : "in local mode a well-known one", explanation)
        guard let secret = self.environment[name], !secret.isEmpty else {
            if self.mode == .local, let local {
                self.weakSecrets.insert(name)
                return local
            }
            self.problem(name, "is missing")
            return ""
        }
        if secret == local { self.weak(name) } else { self.check(secret, in: name) }
        return secret
    }

    /// Outside local mode: refuses a secret that could be guessed. For secrets that are part of a value.
    package func check(_ secret: String, in name: String) {
        if secret.utf8.count < 32 || Set(secret.utf8).count < 8 { self.weak(name) }
    }

    /// A URL that may hold a password: never shown, not judged.
    package func database(_ name: String, _ explanation: String) -> String {
        self.read(name, kind: "libpq URL", usual: nil, shown: nil, explanation, instead: "postgresql://") {
            $0.hasPrefix("postgresql://") || $0.hasPrefix("postgres://") ? $0 : nil
        }
    }

    /// - Parameter shown: what stands for a default that is another one on each machine.
    package func int(
        _ name: String, default usual: Int? = nil, shown: String? = nil, in range: ClosedRange<Int> = 1...Int.max,
        _ explanation: String
    ) -> Int {
        let kind =
            range.upperBound == .max
            ? "number from \(range.lowerBound)" : "number \(range.lowerBound)…\(range.upperBound)"
        return self.read(
            name, kind: kind, usual: usual, shown: shown ?? usual.map(String.init), explanation,
            instead: range.lowerBound
        ) { Int($0).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// Between 0 and 1.
    package func fraction(_ name: String, default usual: Double, _ explanation: String) -> Double {
        self.read(name, kind: "number 0…1", usual: usual, shown: "\(usual)", explanation, instead: usual) {
            Double($0).flatMap { (0...1).contains($0) ? $0 : nil }
        }
    }

    package func flag(_ name: String, default usual: Bool, _ explanation: String) -> Bool {
        self.read(name, kind: "true or false", usual: usual, shown: "\(usual)", explanation, instead: usual) {
            Bool($0)
        }
    }

    /// `500ms`, `10s`, `15m`, `12h`, `7d`.
    package func duration(_ name: String, default usual: Duration, _ explanation: String) -> Duration {
        self.read(
            name, kind: "duration, as 500ms, 10s, 15m, 12h, 7d", usual: usual, shown: Duration.shown(usual),
            explanation,
            instead: usual, Duration.parsed)
    }

    /// Bytes: `65536`, `64KiB`, `20MiB`, `1GiB`.
    package func bytes(_ name: String, default usual: Int, _ explanation: String) -> Int {
        self.read(
            name, kind: "bytes, as 65536, 64KiB, 20MiB, 1GiB", usual: usual, shown: "\(usual)", explanation,
            instead: usual
        ) { text in
            let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
            let unit = units.first { text.hasSuffix($0.0) }
            guard let number = Int(text.dropLast(unit?.0.count ?? 0)), (0...(1 << 33)).contains(number) else {
                return nil
            }
            return number * (unit?.1 ?? 1)
        }
    }

    package func choice<T: RawRepresentable & CaseIterable>(_ name: String, default usual: T, _ explanation: String)
        -> T
    where T.RawValue == String {
        let kind = T.allCases.map(\.rawValue).joined(separator: " | ")
        return self.read(name, kind: kind, usual: usual, shown: usual.rawValue, explanation, instead: usual) {
            T(rawValue: $0)
        }
    }

    /// With commas between; empty parts are refused.
    package func list(_ name: String, default usual: [String]? = nil, _ explanation: String) -> [String] {
        self.read(
            name, kind: "list, with commas", usual: usual, shown: usual?.joined(separator: ","), explanation,
            instead: []
        ) { text in
            if text.isEmpty { return usual == [] ? [] : nil }
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            return parts.contains("") ? nil : parts
        }
    }

    /// `http://host:port`, with commas between.
    package func urls(_ name: String, default usual: [String], _ explanation: String) -> [String] {
        let urls = self.list(name, default: usual, explanation)
        for url in urls where URL(string: url)?.host() == nil { self.problem(name, "holds what is not a URL: \(url)") }
        return urls.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    }

    package func address(_ name: String, default usual: ListenAddress, _ explanation: String) -> ListenAddress {
        self.read(name, kind: "host:port", usual: usual, shown: usual.description, explanation, instead: usual) {
            ListenAddress($0)
        }
    }

    /// Says that a value which was read is not good, for rules beyond its type.
    package func problem(_ name: String, _ what: String) { self.problems.append("\(name) \(what)") }

    // MARK: What all readers share

    private func declare(_ name: String, kind: String, usual: String?, _ explanation: String) {
        precondition(!self.declarations.contains { $0.name == name }, "\(name) is declared twice")
        self.declarations.append(Declaration(name: name, kind: kind, usual: usual, explanation: explanation))
    }

    private func read<T>(
        _ name: String, kind: String, usual: T?, shown: String?, _ explanation: String, instead: T,
        _ parse: (String) -> T?
    ) -> T {
        self.declare(name, kind: kind, usual: shown, explanation)
        guard let text = self.environment[name] else {
            if let usual { return usual }
            self.problem(name, "is missing: \(explanation)")
            return instead
        }
        guard let value = parse(text) else {
            // The value is not repeated: it may be a secret in the wrong place.
            self.problem(name, "is not valid; it takes: \(kind)")
            return instead
        }
        return value
    }

    private func weak(_ name: String) {
        self.weakSecrets.insert(name)
        guard self.mode != .local else { return }
        self.problem(
            name, "holds a default or weak secret; outside local mode it takes 32 characters or more, at random")
    }

    /// Keys that look like ours and are not: a misspelt limit must not go unnoticed.
    func findUnknown() {
        let known = Set(self.declarations.map(\.name)).union(CommonConfiguration.sharedNames)
        for name in self.environment.keys.sorted() where !known.contains(name) {
            if name.hasPrefix("\(self.service.uppercased())_") || name.hasPrefix("TEAHOUSE_") {
                self.problem(name, "is unknown")
            }
        }
    }

    /// All keys, for `--help`.
    func help(takesMigrate: Bool) -> String {
        let entries = self.declarations.map { key in
            "  \(key.name)  (\(key.kind)\(key.usual.map { "; default \($0)" } ?? "; required"))\n      \(key.explanation)"
        }
        let migrating =
            takesMigrate
            ? "\n--migrate brings its database up to date and ends; --migrate --dry-run only tells what would run.\n"
            : ""
        return "The service \(self.service) of Teahouse. It takes its configuration from the environment:\n\n"
            + entries.joined(separator: "\n") + "\n" + migrating
    }
}

extension Duration {
    fileprivate static func parsed(_ text: String) -> Duration? {
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)]
        guard let unit = units.first(where: { text.hasSuffix($0.0) }), let number = Int(text.dropLast(unit.0.count)),
            (0...1_000_000_000).contains(number)
        else { return nil }
        return .seconds(Double(number) * unit.1)
    }

    fileprivate static func shown(_ duration: Duration) -> String {
        let seconds = duration / .seconds(1)
        return seconds < 1 ? "\(Int(seconds * 1000))ms" : "\(Int(seconds))s"
    }
}
