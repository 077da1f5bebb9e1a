import ChatAPI
import Foundation
import Hummingbird
import Logging
import NIOCore

/// Who is calling, as their token tells.
package struct Credentials: Hashable, Sendable {
    /// How a token comes: in `Authorization`, or in the cookie. A renewed one goes back the same way.
    package enum Carrier: Hashable, Sendable {
        case header, cookie
    }

    package var user: UserID
    package var session: SessionID
    /// As it was presented; never logged.
    package var token: String
    package var carrier: Carrier
    package var issuedAt: Timestamp
    package var expiresAt: Timestamp

    package init(
        user: UserID, session: SessionID, token: String, carrier: Carrier = .header, issuedAt: Timestamp,
        expiresAt: Timestamp
    ) {
        self.user = user
        self.session = session
        self.token = token
        self.carrier = carrier
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}

/// What a route of the public or of the internal listener relies on when it needs no user.
package struct ServiceContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// In every log line, in the answer's `x-request-id`, and in calls to other services.
    package var requestID = ""
    /// The address of the client: the peer's, or what a trusted proxy says of it.
    package var clientAddress = ""
    /// Whether the client called over TLS, as a trusted proxy says.
    package var isSecure = false
    /// Where the connection comes from, before any header is believed.
    let peer: SocketAddress?
    /// Most bytes of a body that is decoded.
    package var bodyLimit = 64 * 1024
    /// Absent without a valid token.
    package var credentials: Credentials?
    /// The calling service, by its key. Only on the internal listener.
    package var caller: String?
    /// What an operator calls themself. Only on the internal listener.
    var operatorName: String?

    package init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.peer = source.channel.remoteAddress
    }

    package var maxUploadSize: Int { self.bodyLimit }
    package var requestDecoder: StrictJSON { StrictJSON() }
    package var responseEncoder: JSONEncoder { .teahouse }
}

/// What a route relies on when it acts for somebody: no such context exists without a user.
package struct AuthenticatedContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    package let requestID: String
    package let clientAddress: String
    package let isSecure: Bool
    package var bodyLimit: Int
    package let credentials: Credentials

    /// - Throws: ``RequestError/unauthenticated`` where no valid token was presented.
    package init(context: ServiceContext) throws {
        guard let credentials = context.credentials else { throw RequestError.unauthenticated }
        self.coreContext = context.coreContext
        self.requestID = context.requestID
        self.clientAddress = context.clientAddress
        self.isSecure = context.isSecure
        self.bodyLimit = context.bodyLimit
        self.credentials = credentials
    }

    package var user: UserID { self.credentials.user }
    package var session: SessionID { self.credentials.session }
    package var maxUploadSize: Int { self.bodyLimit }
    package var requestDecoder: StrictJSON { StrictJSON() }
    package var responseEncoder: JSONEncoder { .teahouse }
}

/// What a route of the internal listener relies on: a service that has shown its key.
package struct InternalContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    package let requestID: String
    /// The name of the calling service: `gateway`, `history`, ….
    package let caller: String
    /// Batches are larger than what one client may send.
    package var bodyLimit = 16 * 1024 * 1024

    /// - Throws: ``RequestError/unauthenticated`` where no key of a service was presented.
    package init(context: ServiceContext) throws {
        guard let caller = context.caller, caller != ServiceKeys.operator else { throw RequestError.unauthenticated }
        self.coreContext = context.coreContext
        self.requestID = context.requestID
        self.caller = caller
    }

    package var maxUploadSize: Int { self.bodyLimit }
    package var requestDecoder: StrictJSON { StrictJSON() }
    package var responseEncoder: JSONEncoder { .teahouse }
}

/// What a route of the internal listener relies on that does what only operators may: whoever calls has shown their key.
package struct OperatorContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    package let requestID: String
    /// Who it was, as they say: the header `x-operator`. It goes into what is kept of the call.
    package let name: String

    /// - Throws: ``RequestError/unauthenticated`` where another key than the operators' was presented, or none.
    package init(context: ServiceContext) throws {
        guard context.caller == ServiceKeys.operator else { throw RequestError.unauthenticated }
        self.coreContext = context.coreContext
        self.requestID = context.requestID
        self.name = context.operatorName ?? ServiceKeys.operator
    }

    package var maxUploadSize: Int { 64 * 1024 }
    package var requestDecoder: StrictJSON { StrictJSON() }
    package var responseEncoder: JSONEncoder { .teahouse }
}
