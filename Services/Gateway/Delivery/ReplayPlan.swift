import ChatAPI

/// Which entries a client that connects is sent before it is live, and which chatrooms are too far behind for that.
struct ReplayPlan: Equatable {
    struct Limits: Sendable {
        var perChatroom = 1_000
        var perConnection = 5_000
    }

    /// One chatroom of the client's.
    struct Chatroom: Equatable {
        var view: ChatroomView
        /// Everything above it is sent.
        var after: Seq
        /// The client holds less and is to fill the gap itself.
        var isBehind: Bool
    }

    var chatrooms: [Chatroom]

    /// - Parameter cursors: what the client says it holds; beyond the head it is clamped to it, below the first entry this
    ///   reader may see to the one before that. A chatroom without a cursor is live from its head.
    init(views: [ChatroomView], cursors: [ChatroomID: Seq], limits: Limits) {
        var budget = limits.perConnection
        self.chatrooms = views.map { view in
            guard let cursor = cursors[view.id] else { return Chatroom(view: view, after: view.head, isBehind: false) }
            let after = min(max(cursor, view.from - 1), view.head)
            let missing = Int(clamping: view.head - after)
            guard missing <= limits.perChatroom, missing <= budget else {
                return Chatroom(view: view, after: view.head, isBehind: true)
            }
            budget -= missing
            return Chatroom(view: view, after: after, isBehind: false)
        }
    }
}
