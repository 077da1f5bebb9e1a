import ChatAPI
import Hummingbird
import ServiceKit

/// `/api/social/blocks`.
struct BlockRoutes: Sendable {
    let blocks: BlockStore
    let profiles: ProfileClient
    let announcer: ChangeAnnouncer

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get(use: self.list)
            .put(":userId", use: self.block)
            .delete(":userId", use: self.unblock)
    }

    /// `GET /blocks?limit=&cursor=` → 200.
    func list(request: Request, context: AuthenticatedContext) async throws -> BlockList {
        let query = try request.query
        let limit = try query.limit()
        let page = try await Page<Block, UserID>.read(
            after: try query.value("cursor"), limit: limit, chunk: limit + 1, cursorOf: \.user
        ) {
            try await self.blocks.blocks(of: context.user, after: $0, limit: $1)
        } present: { records in
            let profiles = try await self.profiles.profiles(records.map(\.user))
            return records.map { record in profiles[record.user].map { Block(user: $0, since: record.since) } }
        }
        return BlockList(blocks: page.items, next: page.next?.description)
    }

    /// `PUT /blocks/:userId` → 200 and the block, also where it was there.
    ///
    /// - Throws: 400 for oneself; ``SocialError/userNotFound``.
    func block(request: Request, context: AuthenticatedContext) async throws -> Answer<Block> {
        let other = try context.parameters.require("userId", as: UserID.self)
        guard other != context.user else { throw RequestError.invalid("userId", "is yourself") }
        let profile = try await self.profiles.profile(other)
        let made = try await self.blocks.block(other, by: context.user)
        await self.announcer.settle(made.position)
        return Answer(Block(user: profile, since: made.value.since))
    }

    /// `DELETE /blocks/:userId` → 204.
    ///
    /// - Throws: ``SocialError/blockNotFound``.
    func unblock(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        let other = try context.parameters.require("userId", as: UserID.self)
        guard other != context.user else { throw SocialError.blockNotFound }
        let made = try await self.blocks.unblock(other, by: context.user)
        await self.announcer.settle(made.position)
        return NoContent()
    }
}

/// Somebody whom the caller has blocked.
struct Block: Codable, Sendable {
    var user: Profile
    var since: Timestamp
}

/// The answer of `GET /blocks`.
struct BlockList: ResponseCodable {
    var blocks: [Block]
    var next: String?
}
