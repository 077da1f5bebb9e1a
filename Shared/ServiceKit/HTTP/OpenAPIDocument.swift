import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A service's description of its public calls (OpenAPI 3.1): a file beside its routes, embedded and served as it is.
/// A test holds that the two name the same calls.
package struct OpenAPIDocument: Sendable {
    package let bytes: [UInt8]

    /// As SwiftPM embeds a file.
    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The calls it describes: `GET /api/auth/me/sessions/{id}`.
    package var calls: Set<String> {
        get throws {
            let paths = try JSONDecoder().decode(Outline.self, from: Data(self.bytes)).paths
            return Set(paths.flatMap { path, operations in operations.keys.map { "\($0.uppercased()) \(path)" } })
        }
    }

    private struct Outline: Decodable {
        struct Operation: Decodable {}
        /// By path, and then by method.
        var paths: [String: [String: Operation]]
    }

    /// `GET openapi.json` in a group → 200 and the document, for anybody.
    package var routes: RouteCollection<ServiceContext> {
        RouteCollection(context: ServiceContext.self).get("openapi.json") { [bytes] _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "public, max-age=300"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        }
    }
}

extension ServiceApplication {
    /// Every call of the edge, as OpenAPI names them: `GET /api/auth/me/sessions/{id}`.
    package var publicCalls: Set<String> {
        Set(
            self.routes.routes.filter { $0.path.description.hasPrefix("/api/") }.map { route in
                let path = route.path.description.split(separator: "/").map { part in
                    part.hasPrefix(":") ? "{\(part.dropFirst())}" : String(part)
                }
                return "\(route.method.rawValue) /\(path.joined(separator: "/"))"
            })
    }
}
