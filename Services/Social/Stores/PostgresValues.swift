import ChatAPI
import Foundation
import Postgres

// How the contract's values go into PostgreSQL and come out.

extension UserID: PostgresNewtype {}
extension ChatroomID: PostgresNewtype {}
extension FriendRequestID: PostgresNewtype {}
extension FriendRequestStatus: PostgresNewtype {}
extension ChatroomType: PostgresNewtype {}
extension Role: PostgresNewtype {}
extension Notify: PostgresNewtype {}

extension Timestamp: PostgresNewtype {
    package init?(postgresValue: Date) { self.init(postgresValue) }
    package var postgresValue: Date { self.date }
}
