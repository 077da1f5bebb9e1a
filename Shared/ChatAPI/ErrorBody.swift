/// The body of every refusal: over HTTP, in an acknowledgement under `error`, in CONNECT_ERROR under `data`.
package struct ErrorBody: Codable, Hashable, Sendable {
    /// Stable; programs decide by it.
    package var code: String
    /// A sentence for people, without any detail of ours.
    package var message: String
    /// Which fields were wrong and how, for `invalid_request`.
    package var fields: [String: String]?
    /// Seconds, where it helps to try again.
    package var retryAfter: Int?

    package init(code: String, message: String, fields: [String: String]? = nil, retryAfter: Int? = nil) {
        self.code = code
        self.message = message
        self.fields = fields
        self.retryAfter = retryAfter
    }
}
