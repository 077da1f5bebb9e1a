import ChatAPI
import Foundation
import Postgres

/// A draft with what is needed to store it.
struct PreparedDraft: Sendable {
    let draft: MessageDraft
    let stored: StoredMessage
    /// ``stored`` as JSON.
    let body: String

    /// `media`: what Media has answered for the draft's `mediaId`.
    init(_ draft: MessageDraft, media: MediaFile?) throws {
        self.draft = draft
        self.stored = StoredMessage(draft.body, media: media)
        var body = JSONBytes(capacity: draft.body.content.utf8.count + 64)
        try body.stored(self.stored)
        self.body = body.text
    }
}

/// What became of one draft.
enum AppendOutcome: Hashable, Sendable {
    /// It has its place in the log. `earlier`: what is stored, where an earlier call has stored it.
    case stored(seq: Seq, ordinal: Int64, createdAt: Timestamp, earlier: StoredMessage?)
    case refused(HistoryError)
}
