import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceKit

/// `/api/media/tus`: uploads that come in parts, by tus 1.0.0 (https://tus.io/protocols/resumable-upload) with creation,
/// creation-with-upload, expiration, checksum and termination.
struct TusRoutes: Sendable {
    static let path = "/api/media/tus"
    let uploader: ResumableUploader

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .add(middleware: TusMiddleware())
            .post(use: self.create)
            .head(":id", use: self.tell)
            .patch(":id", use: self.append)
            .delete(":id", use: self.terminate)
            .post(":id", use: self.override)
            .get(":id", use: self.file)
    }

    /// `OPTIONS /tus/` → 204 and what is spoken here; needs no token.
    func options(request: Request, context: ServiceContext) -> Response {
        Response(
            status: .noContent,
            headers: [
                .tusResumable: TusMiddleware.version, .tusVersion: TusMiddleware.version,
                .tusExtension: "creation,creation-with-upload,expiration,checksum,termination",
                .tusMaxSize: String(self.uploader.examiner.limits.fileBytes),
                .tusChecksumAlgorithm: UploadChecksum.algorithms.joined(separator: ","),
            ])
    }

    /// `POST /tus/` with `Upload-Length` and `Upload-Metadata` (`filename`, and `chatroomId` unless it is an avatar) → 201 and
    /// where it goes on; the first part may come along as body.
    ///
    /// - Throws: ``MediaError/chatroomNotFound`` (404), ``MediaError/quotaExceeded`` and `too_large` (413),
    ///   ``MediaError/tooManyUploads`` (429), `invalid_request` (400), and what ``append(request:context:)`` throws.
    func create(request: Request, context: AuthenticatedContext) async throws -> Response {
        let metadata = try UploadMetadata(request.headers[.uploadMetadata])
        guard let length = try request.number(.uploadLength) else {
            throw RequestError.invalid("Upload-Length", "is missing")
        }
        let checksum = try request.checksum
        let upload = try await self.uploader.begin(
            NewUpload(
                owner: context.user, chatroom: metadata.chatroom, name: metadata.name, length: length,
                isResumable: true, metadata: request.headers[.uploadMetadata]), key: try request.idempotencyKey)
        var headers: HTTPFields = [
            .location: "\(Self.path)/\(upload.id.uuidString.lowercased())",
            .uploadExpires: HTTPDate.text(upload.expiresAt),
        ]
        if request.headers[.contentType] == Self.part {
            try request.checkEncoding()
            let progress = try await self.uploader.append(
                request.body, announced: request.announced, checksum: checksum, at: 0, to: upload.id, of: context.user)
            headers[.uploadOffset] = String(progress.offset)
            headers[.uploadExpires] = HTTPDate.text(progress.expiresAt)
        } else if length == 0 {
            _ = try await self.uploader.finish(upload.id, of: context.user)
        }
        return Response(status: .created, headers: headers)
    }

    /// `HEAD /tus/:id` → 200 and how far it is.
    ///
    /// - Throws: ``MediaError/uploadNotFound`` (404).
    func tell(request: Request, context: AuthenticatedContext) async throws -> Response {
        let (upload, offset) = try await self.uploader.find(try Self.id(context), of: context.user)
        var headers: HTTPFields = [
            .uploadOffset: String(offset), .uploadLength: String(upload.length),
            .uploadExpires: HTTPDate.text(upload.expiresAt), .cacheControl: "no-store",
        ]
        headers[.uploadMetadata] = upload.metadata
        return Response(status: .ok, headers: headers)
    }

    /// `PATCH /tus/:id` with the next part, from `Upload-Offset` on → 204. With the last part the upload becomes a file, which
    /// ``file(request:context:)`` tells of.
    ///
    /// - Throws: ``MediaError/uploadNotFound`` (404), ``MediaError/offsetConflict`` (409), ``MediaError/uploadLocked`` (423),
    ///   ``MediaError/checksumMismatch`` (460), `too_large` (413), 415 for another type; with the last part as
    ///   ``UploadRoutes/upload(request:context:)``, and then the upload has ended.
    func append(request: Request, context: AuthenticatedContext) async throws -> Response {
        let id = try Self.id(context)
        guard request.headers[.contentType] == Self.part else { throw RequestError.unsupportedMediaType }
        try request.checkEncoding()
        guard let offset = try request.number(.uploadOffset) else {
            throw RequestError.invalid("Upload-Offset", "is missing")
        }
        let progress = try await self.uploader.append(
            request.body, announced: request.announced, checksum: try request.checksum, at: offset, to: id,
            of: context.user)
        return Response(
            status: .noContent,
            headers: [
                .uploadOffset: String(progress.offset), .uploadExpires: HTTPDate.text(progress.expiresAt),
            ])
    }

    /// `DELETE /tus/:id` → 204; a file that the upload has become stays.
    ///
    /// - Throws: ``MediaError/uploadNotFound`` (404), ``MediaError/uploadLocked`` (423).
    func terminate(request: Request, context: AuthenticatedContext) async throws -> Response {
        try await self.uploader.terminate(try Self.id(context), of: context.user)
        return Response(status: .noContent)
    }

    /// `POST /tus/:id` with `X-HTTP-Method-Override`, for who can send nothing else.
    func override(request: Request, context: AuthenticatedContext) async throws -> Response {
        switch request.headers[.methodOverride] {
        case "PATCH": try await self.append(request: request, context: context)
        case "DELETE": try await self.terminate(request: request, context: context)
        case "HEAD": try await self.tell(request: request, context: context)
        default: throw RequestError.methodNotAllowed(allowed: ["DELETE", "GET", "HEAD", "PATCH"])
        }
    }

    /// `GET /tus/:id` → the file that the upload has become, as `POST /uploads` answers it.
    ///
    /// - Throws: ``MediaError/uploadNotFound`` (404), ``MediaError/uploadUnfinished`` (409).
    func file(request: Request, context: AuthenticatedContext) async throws -> Answer<MediaFile> {
        Answer(try await self.uploader.finish(try Self.id(context), of: context.user).media)
    }

    private static let part = "application/offset+octet-stream"

    private static func id(_ context: AuthenticatedContext) throws -> UUID {
        guard let id = try UUID(uuidString: context.parameters.text("id")) else { throw MediaError.uploadNotFound }
        return id
    }
}

/// Every request names the version of the protocol, and every answer too, also a refusal.
struct TusMiddleware: RouterMiddleware {
    typealias Context = AuthenticatedContext
    static let version = "1.0.0"

    func handle(
        _ request: Request, context: AuthenticatedContext,
        next: (Request, AuthenticatedContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            // `GET` is ours, and not the protocol's.
            guard request.method == .get || request.headers[.tusResumable] == Self.version else {
                throw MediaError.versionNotSupported
            }
            response = try await next(request, context)
        } catch let refusal as any ServiceError {
            response = Response(refusal)
        }
        // A refusal has a body, which an answer to HEAD must not have.
        if request.method == .head { response = response.createHeadResponse() }
        response.headers[.tusResumable] = Self.version
        if response.status == .preconditionFailed { response.headers[.tusVersion] = Self.version }
        return response
    }
}

extension Request {
    /// A header that is a number of bytes.
    fileprivate func number(_ name: HTTPField.Name) throws(RequestError) -> Int64? {
        guard let text = self.headers[name] else { return nil }
        guard let number = Int64(text), number >= 0, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .invalid(name.rawName, "is not a number of bytes")
        }
        return number
    }

    fileprivate var checksum: UploadChecksum? {
        get throws(RequestError) {
            try self.headers[.uploadChecksum].map { text throws(RequestError) in try UploadChecksum(text) }
        }
    }
}

extension HTTPField.Name {
    static let tusResumable = named("Tus-Resumable")
    static let tusVersion = named("Tus-Version")
    static let tusExtension = named("Tus-Extension")
    static let tusMaxSize = named("Tus-Max-Size")
    static let tusChecksumAlgorithm = named("Tus-Checksum-Algorithm")
    static let uploadLength = named("Upload-Length")
    static let uploadOffset = named("Upload-Offset")
    static let uploadMetadata = named("Upload-Metadata")
    static let uploadExpires = named("Upload-Expires")
    static let uploadChecksum = named("Upload-Checksum")
    static let methodOverride = named("X-HTTP-Method-Override")

    private static func named(_ name: String) -> Self {
        guard let field = Self(name) else { preconditionFailure("\(name) is the name of a header") }
        return field
    }
}
