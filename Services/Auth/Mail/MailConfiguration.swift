import Foundation
import ServiceKit

/// How mail is sent, and what it is needed for.
struct MailConfiguration: Sendable {
    enum Verification: String, CaseIterable, Sendable {
        case required, off
    }

    /// Whether one registers only with a code that was sent to one's address.
    var verification: Verification
    /// `nil`: none is.
    var server: SMTPServer?
    /// Whether mails are kept for the operator to see, as nothing is sent.
    var keepsMailbox: Bool

    init(_ keys: ConfigurationKeys) {
        self.verification = keys.choice(
            "AUTH_EMAIL_VERIFICATION", default: .off, "whether one registers only with a code sent to one's address")
        let url = keys.optionalText(
            "AUTH_SMTP_URL",
            "smtp://host:port or smtps://host:port that takes our mail; in local mode without it, see /mailbox")
        let user = keys.optionalText("AUTH_SMTP_USER", "who we are to that server")
        let password = keys.optionalText("AUTH_SMTP_PASSWORD", "the password of this user")
        let requiresTLS = keys.flag("AUTH_SMTP_TLS", default: true, "sends nothing to a server that offers no TLS")
        let from = keys.text("AUTH_MAIL_FROM", default: "teahouse@localhost", "the address our mail is from")
        self.keepsMailbox = url == nil && keys.mode == .local
        guard let sender = EmailAddress(from) else {
            keys.problem("AUTH_MAIL_FROM", "is not an address")
            return
        }
        guard let url else {
            if self.verification == .required, !self.keepsMailbox {
                keys.problem("AUTH_SMTP_URL", "is missing: without it no code is sent")
            }
            return
        }
        guard let parts = URL(string: url), ["smtp", "smtps"].contains(parts.scheme), parts.host() != nil else {
            keys.problem("AUTH_SMTP_URL", "is not a URL as smtp://host:port")
            return
        }
        self.server = SMTPServer(url: url, user: user, password: password, requiresTLS: requiresTLS, from: sender)
    }
}
