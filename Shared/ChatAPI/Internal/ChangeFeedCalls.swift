import Foundation

/// One row of a change feed: positions are dense and in commit order.
package struct Change<What: Codable & Sendable>: Codable, Sendable {
    package var position: Int64
    package var what: What

    package init(position: Int64, what: What) {
        self.position = position
        self.what = what
    }
}

/// The answer of `GET /internal/changes?after=<position>&limit=<n>` of Auth and Social.
package struct Changes<What: Codable & Sendable>: Codable, Sendable {
    /// A reader that held another starts from a snapshot: positions may have been given twice.
    package var epoch: UUID
    /// The newest position there is.
    package var position: Int64
    package var changes: [Change<What>]

    package init(epoch: UUID, position: Int64, changes: [Change<What>]) {
        self.epoch = epoch
        self.position = position
        self.changes = changes
    }
}
