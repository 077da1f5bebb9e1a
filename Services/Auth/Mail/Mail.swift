/// A mail of Auth's: plain text, all of it ASCII, as usernames are.
struct Mail: Hashable, Sendable {
    let to: EmailAddress
    let subject: String
    let text: String

    static func registration(to address: EmailAddress, code: String) -> Self {
        Self(
            to: address, subject: "Your code for Teahouse",
            text: """
                Your code to register at Teahouse is

                    \(code)

                It holds for a short time and for one use. If you have not asked for it, forget this mail.
                """)
    }

    /// In the place of a code for an address that belongs to somebody: only they learn it.
    static func alreadyRegistered(to address: EmailAddress) -> Self {
        Self(
            to: address, subject: "You have an account at Teahouse",
            text: """
                Somebody has asked for a code to use this address at Teahouse. There is an account with it already: sign in,
                or have the password reset if you have forgotten it. If it was not you, forget this mail.
                """)
    }

    static func newAddress(to address: EmailAddress, code: String) -> Self {
        Self(
            to: address, subject: "Your code for Teahouse",
            text: """
                Your code to use this address at Teahouse is

                    \(code)

                If you have not asked for it, forget this mail.
                """)
    }

    static func reset(to address: EmailAddress, username: String, code: String) -> Self {
        Self(
            to: address, subject: "Your code for a new password",
            text: """
                The code for a new password of \(username) at Teahouse is

                    \(code)

                If you have not asked for it, nothing changes: forget this mail, and tell nobody the code.
                """)
    }

    /// To the address that an account had before.
    static func addressChanged(to address: EmailAddress, username: String) -> Self {
        Self(
            to: address, subject: "Your address at Teahouse has changed",
            text: """
                The account \(username) gets its mail at another address from now on.
                If it was not you, tell the operator.
                """)
    }

    static func passwordChanged(to address: EmailAddress, username: String) -> Self {
        Self(
            to: address, subject: "Your password at Teahouse has changed",
            text: """
                The account \(username) has a new password, and every device was signed out.
                If it was not you, reset it.
                """)
    }
}
