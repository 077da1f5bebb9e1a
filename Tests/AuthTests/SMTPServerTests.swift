import Foundation
import Testing

@testable import Auth

struct SMTPServerTests {
    @Test func `what curl is told holds every part of the mail, quoted`() throws {
        let server = SMTPServer(
            url: "smtp://mail.example.org:587", user: "tea\"house", password: "back\\slash", requiresTLS: true,
            from: try #require(EmailAddress("teahouse@example.org")))
        let mail = Mail(to: try #require(EmailAddress("alice@example.org")), subject: "Your code", text: "one\ntwo")
        let date = Date(timeIntervalSince1970: 1_800_000_000)
        let lines = server.configuration(for: mail, at: date).split(separator: "\n")
        for line in [
            #"url = "smtp://mail.example.org:587""#, #"user = "tea\"house:back\\slash""#, "ssl-reqd",
            #"mail-rcpt = "alice@example.org""#, #"header = "Date: Fri, 15 Jan 2027 08:00:00 +0000""#,
            #"form-string = "=one\r\ntwo\r\n""#,
        ] { #expect(lines.contains { $0 == line }, "\(line)") }
    }

    @Test func `a server that is not there is a failure with a reason`() async throws {
        let server = SMTPServer(
            url: "smtp://127.0.0.1:1", user: nil, password: nil, requiresTLS: false,
            from: try #require(EmailAddress("teahouse@example.org")))
        let mail = Mail(to: try #require(EmailAddress("alice@example.org")), subject: "x", text: "x")
        let failure = await #expect(throws: SMTPServer.Failure.self) { try await server.send(mail, at: .now) }
        #expect(failure?.reason.contains("connect") == true)
    }

    @Test(arguments: ["a@b", "a.b+c@example.org", "x_y-z@sub.example-host.org", "A'b@1.org"])
    func `usual addresses are addresses`(text: String) { #expect(EmailAddress(text)?.description == text) }
}
