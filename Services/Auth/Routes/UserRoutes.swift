import ChatAPI
import Hummingbird
import ServiceKit

/// The other users, under `/api/auth/users`; for anybody signed in.
struct UserRoutes: Sendable {
    let profiles: ProfileStore

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get(use: self.list)
            .get(":id", use: self.get)
    }

    struct UserList: Codable, Sendable {
        let users: [Profile]
    }

    /// `GET /users?query=&limit=` → 200, those whose username or nickname begins so. `GET /users?ids=1,2,3` → 200, those
    /// of these that exist.
    func list(request: Request, context: AuthenticatedContext) async throws -> Answer<UserList> {
        let query = try request.query
        let limit = try query.limit()
        guard let prefix = query.text("query") else {
            guard query.text("ids") != nil else { throw RequestError.invalid("query", "is missing") }
            let ids = try query.list("ids", of: UserID.self)
            return Answer(UserList(users: try await self.profiles.lookup(ids: ids).users))
        }
        guard (1...50).contains(prefix.count) else { throw RequestError.invalid("query", "has 1 to 50 characters") }
        return Answer(UserList(users: try await self.profiles.search(prefix, limit: limit)))
    }

    /// `GET /users/:id` → 200 and the profile.
    ///
    /// - Throws: ``AuthError/userNotFound`` (404), also for what is no id.
    func get(request: Request, context: AuthenticatedContext) async throws -> Answer<Profile> {
        guard let id = UserID(try context.parameters.text("id")),
            let profile = try await self.profiles.lookup(ids: [id]).users.first
        else { throw AuthError.userNotFound }
        return Answer(profile)
    }
}
