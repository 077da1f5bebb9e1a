import ChatAPI
import HTTPTypes
import ServiceKit

/// What History asks of Media.
struct MediaClient: Sendable {
    let client: ServiceClient

    /// Makes a file part of a message that is about to be stored. The same `clientId` gives the same answer.
    ///
    /// - Throws: ``RefusedByService`` with `media_not_found` where the sender may not read the file.
    func attach(_ media: MediaID, to draft: MessageDraft) async throws -> MediaFile {
        let answer: AttachMedia.Answer = try await self.client.call(
            .post, "/internal/media/attach",
            AttachMedia(mediaId: media, chatroomId: draft.chatroom, senderId: draft.sender, clientId: draft.clientId))
        return answer.media
    }

    /// Somebody's files above the last one seen.
    func files(of user: UserID, after last: MediaID?, limit: Int) async throws -> [OwnedFile] {
        let answer: ListFiles.Answer = try await self.client.call(
            .post, "/internal/media/list", ListFiles(ownerId: user, after: last, limit: limit))
        return answer.files
    }
}
