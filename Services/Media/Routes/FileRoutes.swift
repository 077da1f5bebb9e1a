import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceKit

/// `/api/media/files`.
struct FileRoutes: Sendable {
    let files: FileStore
    let memberships: MembershipClient
    let blobs: any BlobStore

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get(":id/thumbnail", use: self.thumbnail)
            .get(":id/:name", use: self.read)
            .delete(":id", use: self.delete)
    }

    /// `GET /files/:id/:name` → 200, 206 or 304. The name in the path is for people; the id alone counts.
    ///
    /// - Throws: ``MediaError/mediaNotFound`` (404) for whoever is not in the file's chatroom, as for a file that never
    ///   was; ``MediaError/rangeNotSatisfiable`` (416).
    func read(request: Request, context: AuthenticatedContext) async throws -> Response {
        let file = try await self.file(context)
        let tag = "\"\(file.sha256)\""
        var headers = Self.headers(type: file.type, name: file.name)
        headers[.eTag] = tag
        if request.headers[.ifNoneMatch].map({ Self.matches($0, tag) }) ?? false {
            return Response(status: .notModified, headers: headers)
        }
        let isSame = request.headers[.ifRange].map { $0 == tag } ?? true
        switch ByteRange(header: isSame ? request.headers[.range] : nil, size: file.size) {
        case .whole:
            return try await self.respond(request, .ok, headers, file, 0..<file.size)
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"
            return try await self.respond(request, .partialContent, headers, file, range)
        case .unsatisfiable:
            var response = Response(MediaError.rangeNotSatisfiable)
            response.headers[.contentRange] = "bytes */\(file.size)"
            return response
        }
    }

    /// `GET /files/:id/thumbnail` → 200 or 304, a WebP whose longer side has 480 pixels at most.
    ///
    /// - Throws: ``MediaError/mediaNotFound`` (404) where there is none, or none for the caller.
    func thumbnail(request: Request, context: AuthenticatedContext) async throws -> Response {
        let file = try await self.file(context)
        guard file.hasThumbnail else { throw MediaError.mediaNotFound }
        let tag = "\"\(file.sha256)-thumbnail\""
        var headers = Self.headers(type: Thumbnails.type, name: file.name + ".webp")
        headers[.acceptRanges] = nil
        headers[.eTag] = tag
        if request.headers[.ifNoneMatch].map({ Self.matches($0, tag) }) ?? false {
            return Response(status: .notModified, headers: headers)
        }
        return Self.respond(.ok, headers, try await self.content(.thumbnail, of: file, nil))
    }

    /// `DELETE /files/:id` → 204; from then on it is there for nobody, also not in messages that carry it.
    ///
    /// - Throws: ``MediaError/mediaNotFound`` (404) for whoever is not its owner.
    func delete(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        guard let id = try UUID(uuidString: context.parameters.text("id")) else { throw MediaError.mediaNotFound }
        try await self.files.delete(id, of: context.user)
        return NoContent()
    }

    /// The file that the path names, for whoever may read it.
    private func file(_ context: AuthenticatedContext) async throws -> StoredFile {
        guard let id = try UUID(uuidString: context.parameters.text("id")), let file = try await self.files.file(id),
            try await self.memberships.mayRead(context.user, file)
        else { throw MediaError.mediaNotFound }
        return file
    }

    private func respond(
        _ request: Request, _ status: HTTPResponse.Status, _ headers: HTTPFields, _ file: StoredFile,
        _ range: Range<Int64>
    ) async throws -> Response {
        // Nothing is asked of the store for an answer without a body.
        if request.method == .head {
            return Response(
                status: status, headers: headers, body: ResponseBody(contentLength: Int(range.count)) { _ in })
        }
        return Self.respond(status, headers, try await self.content(.content, of: file, range))
    }

    /// - Throws: ``MediaError/mediaNotFound`` where the bytes were freed a moment ago.
    private func content(_ kind: BlobName.Kind, of file: StoredFile, _ part: Range<Int64>?) async throws -> BlobContent
    {
        guard let copy = file.copy else { throw MediaError.mediaNotFound }
        do {
            return try await self.blobs.read(BlobName(kind, copy), part)
        } catch is BlobMissing {
            guard try await self.files.file(file.id) == nil else { throw BlobMissing() }
            throw MediaError.mediaNotFound
        }
    }

    private static func respond(_ status: HTTPResponse.Status, _ headers: HTTPFields, _ content: BlobContent)
        -> Response
    {
        let body = ResponseBody(contentLength: Int(content.size)) { writer in
            for try await chunk in content.chunks {
                let start = ContinuousClock.now
                try await writer.write(chunk)
                try await content.pace.wrote(chunk.readableBytes, in: ContinuousClock.now - start)
            }
            try await writer.finish(nil)
        }
        return Response(status: status, headers: headers, body: body)
    }

    /// Nothing that was uploaded may act in our origin: no sniffing, no script, and only images are shown in place.
    private static func headers(type: String, name: String) -> HTTPFields {
        var headers: HTTPFields = [
            .contentType: type, .acceptRanges: "bytes",
            // Whether it may be read is asked each time; it may have been recalled.
            .cacheControl: "private, no-cache",
            .contentDisposition: FileName.disposition(name, inline: ImageFormat(rawValue: type) != nil),
            .xContentTypeOptions: "nosniff",
        ]
        headers[.contentSecurityPolicy] = "sandbox; default-src 'none'"
        return headers
    }

    private static func matches(_ header: String, _ tag: String) -> Bool {
        header.split(separator: ",").contains { part in
            let part = part.filter { $0 != " " }
            return part == "*" || part == tag || part == "W/" + tag
        }
    }
}
