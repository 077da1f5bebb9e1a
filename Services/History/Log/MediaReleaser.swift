import ChatAPI
import Foundation
import HTTPTypes
import Logging
import Postgres
import ServiceKit
import ServiceLifecycle

/// Tells Media which messages were recalled, so that their files can be read no longer.
///
/// The rows were written together with the recall, and go when Media has answered: none is forgotten, whatever dies.
/// Several instances may tell the same: it is once as good as twice.
struct MediaReleaser: Service {
    private static let interval = Duration.milliseconds(500)
    private static let batch = 200

    private let postgres: Postgres
    private let media: ServiceClient
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init(postgres: Postgres, media: ServiceClient, clock: any Clock<Duration> = ContinuousClock(), logger: Logger) {
        self.postgres = postgres
        self.media = media
        self.clock = clock
        self.logger = logger
        (self.wakes, self.wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// There is something to tell.
    func poke() { self.wake.yield() }

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [clock, wake] in
                while (try? await clock.sleep(for: Self.interval)) != nil { wake.yield() }
            }
            for await _ in self.wakes.cancelOnGracefulShutdown() {
                do {
                    try await self.release()
                } catch is CancellationError {
                    break
                } catch {
                    self.logger.warning("files could not be released", metadata: ["error": "\(error)"])
                }
            }
            group.cancelAll()
        }
    }

    /// Tells all there is to tell, once.
    func release() async throws {
        while true {
            let rows: [Release] = try await self.postgres.all(
                """
                SELECT chatroom_id, seq, sender_id, client_id FROM history.media_releases
                ORDER BY recalled_at LIMIT \(Self.batch)
                """)
            guard !rows.isEmpty else { return }
            let _: Nothing = try await self.media.call(
                .post, "/internal/media/release", ReleaseMedia(messages: rows.map(\.item)))
            try await self.postgres.execute(
                """
                DELETE FROM history.media_releases AS r
                USING unnest(\(rows.map(\.item.chatroomId.rawValue))::bigint[], \(rows.map(\.seq))::bigint[])
                    AS t (chatroom_id, seq)
                WHERE r.chatroom_id = t.chatroom_id AND r.seq = t.seq
                """)
            if rows.count < Self.batch { return }
        }
    }
}

private struct Release: PostgresRowDecodable {
    let item: ReleaseMedia.Item
    let seq: Seq

    init(row: PostgresRow) throws(PostgresError) {
        self.seq = try row.get("seq")
        self.item = ReleaseMedia.Item(
            chatroomId: try row.get("chatroom_id"), senderId: try row.get("sender_id"),
            clientId: try row.get("client_id"))
    }
}
