/// What went wrong with Redis. Nobody's message is lost by it: what travels here are hints.
package struct RedisError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// Not a URL this module takes.
        case invalidURL
        /// There is no connection now.
        case unavailable
        /// The connection was lost before the answer came: the command may have been done.
        case outcomeUnknown
        /// The server answered with an error.
        case refused
        /// The channel was unsubscribed before its subscription was confirmed.
        case unsubscribed
        /// The client has been closed.
        case closed
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(self.code): \(self.message)" }
}
