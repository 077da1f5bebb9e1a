import ArgumentParser
import Foundation
import NIOSSL
import ServiceKit

/// How the services are reached, and how results are shown.
struct ConnectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Auth's internal listener; several: separated by commas.", valueName: "url"))
    var auth: String?
    @Option(help: ArgumentHelp("Social's.", valueName: "url")) var social: String?
    @Option(help: ArgumentHelp("History's.", valueName: "url")) var history: String?
    @Option(help: ArgumentHelp("Media's.", valueName: "url")) var media: String?
    @Option(help: ArgumentHelp("The Gateways', all of them.", valueName: "url")) var gateway: String?
    @Option(
        help: ArgumentHelp(
            "A file with the operators' key; else OPERATOR_KEY holds it. Arguments are seen by everybody on a machine.",
            valueName: "file"))
    var keyFile: String?
    @Option(help: "Who does it, as the audit names them; else OPERATOR_NAME, or the user of this machine.")
    var name: String?
    @Option(help: "Seconds until a service that does not answer is given up.") var timeout = 10.0
    @Flag(help: "Print what the services answer, as JSON.") var json = false

    func validate() throws {
        guard (0.1...600).contains(self.timeout) else { throw ValidationError("--timeout is 0.1 to 600 seconds") }
        for service in ServiceName.allCases {
            for url in self.urls(of: service) where URL(string: url)?.host() == nil {
                throw ValidationError("\(url) is no URL")
            }
        }
    }

    /// The base URLs of a service's internal listeners; by default where a service listens unless told.
    func urls(of service: ServiceName) -> [String] {
        let given: String? =
            switch service {
            case .auth: self.auth
            case .social: self.social
            case .history: self.history
            case .media: self.media
            case .gateway: self.gateway
            }
        let text = given ?? self.environment("\(service.rawValue.uppercased())_URLS")
        return (text ?? "http://127.0.0.1:\(service.internalPort)").split(separator: ",").map { url in
            let url = url.trimmingCharacters(in: .whitespaces)
            return url.hasSuffix("/") ? String(url.dropLast()) : url
        }
    }

    /// Whom services at `https` URLs must be vouched for by: as for services themselves, those in the file that
    /// `INTERNAL_TLS_AUTHORITY` names; `nil`: the system's.
    func tls() throws -> TLSConfiguration? {
        guard let file = self.environment("INTERNAL_TLS_AUTHORITY") else { return nil }
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(file) else {
            throw ValidationError("\(file), which INTERNAL_TLS_AUTHORITY names, cannot be read")
        }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(certificates)
        return tls
    }

    /// - Throws: `ValidationError` where there is none.
    func key() throws -> String {
        if let file = self.keyFile {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw ValidationError("\(file) cannot be read")
            }
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard let key = self.environment("OPERATOR_KEY") else {
            throw ValidationError("OPERATOR_KEY holds no key, and there is no --key-file")
        }
        return key
    }

    /// A name that services take: printable ASCII without spaces.
    var operatorName: String {
        let name = self.name ?? self.environment("OPERATOR_NAME") ?? self.environment("USER") ?? "operator"
        return String(name.unicodeScalars.filter { (0x21...0x7E).contains($0.value) }.prefix(64).map(Character.init))
    }

    private func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Runs a command's work with a client. Its failures end the process with their status.
    func run(_ work: (OperatorClient) async throws -> Void) async throws {
        let client = try OperatorClient(self, key: self.key())
        do {
            try await work(client)
        } catch let failure as CallFailure {
            FileHandle.standardError.write(Data("teahousectl: \(failure)\n".utf8))
            throw ExitCode(failure.exitStatus)
        }
    }
}
