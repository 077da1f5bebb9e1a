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
    ///   `invalid_request` (400).
    func upload(request: Request, context: AuthenticatedContext) async throws -> Answer<MediaFile> {
        let query = try request.query
        let name = try FileName.cleaned(try query.require("name"))
        let chatroom = try query.value("chatroomId", as: ChatroomID.self)
        let key = try request.idempotencyKey
        if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw RequestError.unsupportedMediaType
        }
        if let chatroom, try await !self.memberships.isMember(context.user, of: chatroom) {
            throw MediaError.chatroomNotFound
        }
        let announced = request.headers[.contentLength].flatMap { Int64($0) }
        let upload = try await self.uploader.take(
            request.body, announced: announced, room: try await self.files.room(of: context.user))
        let blobs = self.uploader.blobs
        do {
            let file = try await self.files.add(
                upload, name: name, chatroom: chatroom, owner: context.user, key: key
            ) { try await Disk.run { try blobs.keep(upload) } }
            // There may have been one of this key before.
            try await Disk.run { blobs.discard(upload) }
            return Answer(file.media, status: .created)
        } catch {
            try? await Disk.run { blobs.discard(upload) }
            throw error
        }
    }
}

extension Request {
    /// `Idempotency-Key`, a UUID.
    fileprivate var idempotencyKey: UUID? {
        get throws(RequestError) {
            guard let field = HTTPField.Name("idempotency-key"), let text = self.headers[field] else { return nil }
            guard let key = UUID(uuidString: text) else { throw .invalid("Idempotency-Key", "is not a UUID") }
            return key
        }
    }
}
