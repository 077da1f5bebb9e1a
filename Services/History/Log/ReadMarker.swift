import ChatAPI
import Postgres

/// Moves read cursors, and has those who read told.
struct ReadMarker: Sendable {
    let cursors: ReadCursorStore
    let announcer: ReadAnnouncer

    /// Where each cursor is now, in order; `nil` for who is not in the chatroom.
    func move(_ places: [MoveCursors.Item]) async throws -> [ReadCursor?] {
        let moved = try await self.cursors.move(places)
        for (place, moved) in zip(places, moved) {
            guard let moved, moved.isNew else { continue }
            self.announcer.announce(place.userId, hasRead: place.chatroomId, upTo: moved.cursor.seq)
        }
        return moved.map { $0?.cursor }
    }
}
