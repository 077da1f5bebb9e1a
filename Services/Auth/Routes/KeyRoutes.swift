import ChatAPI
import Hummingbird
import NIOCore
import ServiceKit

/// The public keys, for anybody who wants to check a token, at `/.well-known/jwks.json` and below `/api/auth`.
struct KeyRoutes: Sendable {
    let changes: ChangeStore

    var routes: RouteCollection<ServiceContext> {
        RouteCollection(context: ServiceContext.self).get(".well-known/jwks.json", use: self.get)
    }

    /// `GET /.well-known/jwks.json` → 200 and a JSON Web Key Set (RFC 7517).
    func get(request: Request, context: ServiceContext) async throws -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/jwk-set+json", .cacheControl: "public, max-age=60"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try await self.changes.jwks())))
    }
}
