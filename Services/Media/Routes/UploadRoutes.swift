import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceKit

/// `/api/media/uploads`.
struct UploadRoutes: Sendable {
    let files: FileStore
    let memberships: MembershipClient
    let uploader: Uploader

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self).post(use: self.upload)
    }

    /// `POST /uploads?name=&chatroomId=` with the bytes as body → 201 and the file. Without a chatroom it is an avatar,
    /// which anybody signed in may read.
    ///
    /// - Throws: ``MediaError/chatroomNotFound`` (404), ``MediaError/quotaExceeded`` and `too_large` (413),
    ///   ``MediaError/mediaRefused`` (422), `invalid_request` (400).
    func upload(request: Request, context: AuthenticatedContext) async throws -> Answer<MediaFile> {
        let query = try request.query
        let name = try FileName.cleaned(try query.require("name"))
        let chatroom = try query.value("chatroomId", as: ChatroomID.self)
        let key = try request.idempotencyKey
        try request.checkEncoding()
        if let chatroom, try await !self.memberships.isMember(context.user, of: chatroom) {
            throw MediaError.chatroomNotFound
        }
        if let key, let known = try await self.files.file(of: context.user, key: key) {
            return Answer(known.media, status: .created)
        }
        let file = try await self.uploader.upload(
            request.body, announced: request.announced, named: name, into: chatroom, by: context.user, key: key)
        return Answer(file.media, status: .created)
    }
}

extension Request {
    /// `Idempotency-Key`, a UUID.
    var idempotencyKey: UUID? {
        get throws(RequestError) {
            guard let field = HTTPField.Name("idempotency-key"), let text = self.headers[field] else { return nil }
            guard let key = UUID(uuidString: text) else { throw .invalid("Idempotency-Key", "is not a UUID") }
            return key
        }
    }

    /// What `Content-Length` says, if anything.
    var announced: Int64? { self.headers[.contentLength].flatMap { Int64($0) } }

    /// What is uploaded is taken as it is.
    func checkEncoding() throws(RequestError) {
        if let encoding = self.headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw .unsupportedMediaType
        }
    }
}
