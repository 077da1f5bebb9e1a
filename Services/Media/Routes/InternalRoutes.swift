import ChatAPI
import Hummingbird
import ServiceKit

/// `/internal/media`, for the other services.
struct InternalRoutes: Sendable {
    let files: FileStore
    let memberships: MembershipClient

    var routes: RouteCollection<InternalContext> {
        RouteCollection(context: InternalContext.self)
            .add(middleware: AllowedCallers(.history, .gateway, .social, .auth))
            .post("attach", use: self.attach)
            .post("lookup", use: self.lookup)
            .post("list", use: self.list)
            .post("release", use: self.release)
    }

    /// `POST /attach` → the file that a message carries, before it is committed. The same message has the same answer.
    ///
    /// - Throws: ``MediaError/mediaNotFound`` (404) unless the sender may read the file;
    ///   ``MediaError/clientIDConflict`` (409) where the message carries another.
    func attach(request: Request, context: InternalContext) async throws -> AttachMedia.Answer {
        let message = try await request.decode(as: AttachMedia.self, context: context)
        if let known = try await self.files.attached(message) { return AttachMedia.Answer(media: known.media) }
        guard let file = try await self.files.file(message.mediaId),
            try await self.memberships.mayRead(message.senderId, file)
        else { throw MediaError.mediaNotFound }
        if let attached = try await self.files.attach(file, to: message) {
            return AttachMedia.Answer(media: attached.media)
        }
        guard let other = try await self.files.attached(message) else { throw MediaError.mediaNotFound }
        return AttachMedia.Answer(media: other.media)
    }

    /// `POST /lookup` → the files that exist, in no order.
    func lookup(request: Request, context: InternalContext) async throws -> LookupMedia.Answer {
        let body = try await request.decode(as: LookupMedia.self, context: context)
        guard body.ids.count <= 1_000 else { throw RequestError.invalid("ids", "has more than 1000 values") }
        return LookupMedia.Answer(media: try await self.files.files(body.ids).map(\.media))
    }

    /// `POST /list` → somebody's files above the last one seen.
    func list(request: Request, context: InternalContext) async throws -> ListFiles.Answer {
        let body = try await request.decode(as: ListFiles.self, context: context)
        guard (1...1_000).contains(body.limit) else { throw RequestError.invalid("limit", "is not 1 to 1000") }
        let files = try await self.files.files(of: body.ownerId, after: body.after, limit: body.limit)
        return ListFiles.Answer(files: files.map { OwnedFile(media: $0.media, chatroomId: $0.chatroom) })
    }

    /// `POST /release` → 204: the messages carry their files no longer; those that no message carries are gone.
    func release(request: Request, context: InternalContext) async throws -> NoContent {
        let messages = try await request.decode(as: ReleaseMedia.self, context: context).messages
        guard messages.count <= 1_000 else { throw RequestError.invalid("messages", "has more than 1000 values") }
        try await self.files.release(messages)
        return NoContent()
    }
}
