import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Decodes request bodies, strictly: the refusal names the field.
package struct StrictJSON: RequestDecoder {
    package init() {}

    /// - Throws: ``RequestError``: `unsupportedMediaType` unless the content is plain `application/json`, `tooLarge`
    ///   beyond the context's limit, `invalid` for anything that does not decode.
    package func decode<T: Decodable>(
        _ type: T.Type, from request: Request, context: some RequestContext
    ) async throws -> T {
        try Self.decode(type, from: await Self.body(of: request, context: context))
    }

    /// The bytes of a body that says it is JSON and is not too large.
    package static func body(of request: Request, context: some RequestContext) async throws -> [UInt8] {
        try Self.checkContent(of: request.headers)
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > context.maxUploadSize {
            throw RequestError.tooLarge
        }
        let body = try await request.body.collect(upTo: context.maxUploadSize)
        return Array(buffer: body)
    }

    /// Decodes bytes by the same rules; for JSON that comes another way than as a body.
    package static func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws(RequestError) -> T {
        do {
            try JSONScanner.check(bytes)
        } catch {
            throw .invalid("body", error.rawValue)
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw Self.refusal(for: error)
        } catch {
            throw .invalid("body", "is not valid")
        }
    }

    private static func checkContent(of headers: HTTPFields) throws(RequestError) {
        let encoding = headers[.contentEncoding]?.lowercased() ?? "identity"
        let type = headers[.contentType] ?? ""
        let parts = type.lowercased().split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
        let plain = ["charset=utf-8", "charset=\"utf-8\""]
        guard encoding == "identity", parts.first == "application/json", parts.dropFirst().allSatisfy(plain.contains)
        else {
            throw .unsupportedMediaType
        }
    }

    /// Says which field and what is wrong with it, without repeating what was sent.
    private static func refusal(for error: DecodingError) -> RequestError {
        func name(_ path: [any CodingKey]) -> String {
            path.isEmpty ? "body" : path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        }
        return switch error {
        case .keyNotFound(let key, let context): .invalid(name(context.codingPath + [key]), "is missing")
        case .valueNotFound(_, let context): .invalid(name(context.codingPath), "must not be null")
        case .typeMismatch(_, let context): .invalid(name(context.codingPath), "has the wrong type")
        case .dataCorrupted(let context): .invalid(name(context.codingPath), "is not valid")
        @unknown default: .invalid("body", "is not valid")
        }
    }
}
