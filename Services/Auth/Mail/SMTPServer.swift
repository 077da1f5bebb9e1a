import Foundation

/// Sends mail by curl, which speaks SMTP with TLS and every way to sign in. What it is told goes to its standard input:
/// neither a password nor a code is on a command line or in a file.
struct SMTPServer: Sendable {
    /// `smtp://host:port` or `smtps://host:port`.
    let url: String
    let user: String?
    let password: String?
    /// Whether nothing is sent where the server offers no TLS.
    let requiresTLS: Bool
    let from: EmailAddress

    struct Failure: Error {
        let code = "mail_not_sent"
        /// What curl said.
        let reason: String
    }

    /// - Throws: ``Failure`` where the server has not taken the mail, also after 30 s.
    func send(_ mail: Mail, at date: Date) async throws {
        let input = Pipe()
        let errors = Pipe()
        // Written before anybody reads: it fits into the pipe, and there is no reader that could be gone.
        try input.fileHandleForWriting.write(contentsOf: Data(self.configuration(for: mail, at: date).utf8))
        let curl = Process()
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        curl.arguments = ["curl", "--disable", "--config", "-"]
        curl.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        curl.standardInput = input
        curl.standardOutput = FileHandle.nullDevice
        curl.standardError = errors
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            curl.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try curl.run() } catch { continuation.resume(throwing: error) }
            try? input.fileHandleForWriting.close()
        }
        guard status == 0 else {
            try? errors.fileHandleForWriting.close()
            let said = try errors.fileHandleForReading.readToEnd() ?? Data()
            throw Failure(reason: String(decoding: said.prefix(500), as: UTF8.self))
        }
    }

    /// What curl reads (curl(1), `--config`).
    func configuration(for mail: Mail, at date: Date) -> String {
        var lines = [
            "silent", "show-error", "max-time = 30", "connect-timeout = 10",
            "url = \(Self.quoted(self.url))",
            "mail-from = \(Self.quoted(self.from.description))",
            "mail-rcpt = \(Self.quoted(mail.to.description))",
        ]
        if let user { lines.append("user = \(Self.quoted("\(user):\(self.password ?? "")"))") }
        if self.requiresTLS { lines.append("ssl-reqd") }
        let domain = self.from.description.split(separator: "@").last ?? "localhost"
        let headers = [
            "From: Teahouse <\(self.from)>", "To: <\(mail.to)>", "Subject: \(mail.subject)",
            "Date: \(Self.date(date))", "Message-ID: <\(UUID().uuidString)@\(domain)>",
            "Auto-Submitted: auto-generated",
        ]
        lines += headers.map { "header = \(Self.quoted($0))" }
        let text = mail.text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        lines.append("form-string = \(Self.quoted("=\(text)\r\n"))")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// RFC 5322 §3.3.
    private static func date(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss Z"
        return formatter.string(from: date)
    }
}
