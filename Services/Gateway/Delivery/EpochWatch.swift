import Foundation

/// Of which epoch History's logs are, as its answers tell.
///
/// An answer of another epoch may be late, or of an instance that still asks the old database: the epoch holds once a
/// second answer has confirmed it.
struct EpochWatch {
    private(set) var current: UUID?
    /// Seen once, and being confirmed.
    private var suspected: UUID?

    enum Action: Equatable {
        /// Ask History for its epoch, then call ``confirmed(_:)``.
        case confirm
        /// Seqs may have been given twice: what is known of the logs is void.
        case begin(UUID)
    }

    /// Some answer's epoch. The first there is holds at once: nothing is known of the logs before.
    mutating func saw(_ epoch: UUID) -> Action? {
        let current = self.current ?? epoch
        self.current = current
        guard epoch != current, self.suspected == nil else { return nil }
        self.suspected = epoch
        return .confirm
    }

    /// - Parameter epoch: `nil` where History could not be asked. Whoever sees another epoch next begins again.
    mutating func confirmed(_ epoch: UUID?) -> Action? {
        let suspected = self.suspected
        self.suspected = nil
        guard let epoch, epoch == suspected else { return epoch.flatMap { self.saw($0) } }
        self.current = epoch
        return .begin(epoch)
    }
}

/// An answer of History that is of another epoch than what it was asked for.
struct AnotherEpoch: Error, CustomStringConvertible {
    var epoch: UUID
    var description: String { "the logs are of another epoch, \(self.epoch)" }
}
