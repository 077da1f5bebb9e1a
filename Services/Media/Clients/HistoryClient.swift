import ChatAPI
import HTTPTypes
import ServiceKit

/// What Media asks of History.
struct HistoryClient: Sendable {
    let client: ServiceClient

    /// Which of these messages are stored and carry a file.
    ///
    /// - Throws: ``ServiceUnavailable``: then nothing is known.
    func carrying(among messages: [ReleaseMedia.Item]) async throws -> Set<ReleaseMedia.Item> {
        let answer: LookupCarriers.Answer = try await self.client.call(
            .post, "/internal/media-carriers", LookupCarriers(messages: messages))
        return Set(answer.messages)
    }
}
