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

    /// `POST /release` → 204: the messages carry their files no longer; those that no message carries are gone.
    func release(request: Request, context: InternalContext) async throws -> NoContent {
        let messages = try await request.decode(as: ReleaseMedia.self, context: context).messages
        guard messages.count <= 1_000 else { throw RequestError.invalid("messages", "has more than 1000 values") }
        try await self.files.release(messages)
        return NoContent()
    }
}
