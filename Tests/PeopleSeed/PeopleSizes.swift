internal import Postgres

/// How many people a seed makes, and how they know each other. Ids are 1, 2, 3 …, of users and of chatrooms; who knows
/// whom follows from the numbers alone, so that Auth's seed and Social's agree, and a load test knows what to ask.
package struct PeopleSizes: Sendable {
    package var users: Int64 = 1_000_000
    /// Of everybody: an even number.
    package var friendsEach: Int64 = 20
    /// The first so many users have ``friendsOfPopular`` friends more.
    package var popular: Int64 = 100
    package var friendsOfPopular: Int64 = 1_000
    /// One-to-one chatrooms, each of two friends.
    package var directs: Int64 = 300_000
    package var groups: Int64 = 200_000
    package var membersEach: Int64 = 10

    package init() {}

    package var chatrooms: Int64 { self.directs + self.groups }

    /// In how many groups each user is, about.
    package var groupsEach: Int64 { self.groups * self.membersEach / max(1, self.users) }

    /// What is wrong with the sizes, if anything is.
    package var problem: String? {
        guard min(self.users, self.friendsEach, self.membersEach) > 0,
            min(self.popular, self.friendsOfPopular, self.directs, self.groups) >= 0
        else { return "sizes are not below 0" }
        guard max(self.users, self.directs, self.groups) <= 100_000_000 else { return "sizes end at 100,000,000" }
        guard self.friendsEach % 2 == 0, self.users >= 4 * self.friendsEach else {
            return "friends of each are an even number, and at most a quarter of the users"
        }
        guard self.directs <= self.users else { return "there is one one-to-one chatroom a user at most" }
        guard self.membersEach <= self.users, self.popular + 2 * self.friendsOfPopular <= self.users else {
            return "there are fewer users than a group has members, or somebody friends"
        }
        return nil
    }

    /// User `u` is a friend of `u + k * stride` for each k up to half of ``friendsEach``, around the end: friends' ids lie
    /// far apart, as of people who registered at other times.
    var friendStride: Int64 { self.users / (self.friendsEach + 3) }
    /// The friend of number `k`, from 1 up to half of ``friendsEach``.
    package func friend(of user: Int64, _ k: Int64) -> Int64 { 1 + (user - 1 + k * self.friendStride) % self.users }

    /// Member `j` of group `g` is user `g + j * stride`, around the end.
    var memberStride: Int64 { max(1, self.users / self.membersEach) }
}

extension Postgres {
    /// Runs statements in one transaction, and brings the statistics of tables up to date.
    func fill(_ statements: [SQL], analyzing tables: [String]) async throws {
        try await self.transaction { transaction in
            for statement in statements { try await transaction.execute(statement) }
        }
        for table in tables { try await self.execute("VACUUM (ANALYZE) \(identifier: table)") }
    }
}
