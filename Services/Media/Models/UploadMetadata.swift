import ChatAPI
import Foundation
import ServiceKit

/// `Upload-Metadata` of tus: pairs of a key and its value in Base64, with commas between.
struct UploadMetadata: Hashable, Sendable {
    let name: String
    let chatroom: ChatroomID?

    /// Reads `filename` and `chatroomId`; other keys are the client's own.
    ///
    /// - Throws: `invalid` where it cannot be read, or has no good name.
    init(_ header: String?) throws(RequestError) {
        guard let header else { throw .invalid("Upload-Metadata", "is missing") }
        guard header.utf8.count <= 4096 else { throw .invalid("Upload-Metadata", "is longer than 4096 bytes") }
        var values: [String: String] = [:]
        for pair in header.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: " ")
            guard (1...2).contains(parts.count), parts[0].utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw .invalid("Upload-Metadata", "is not pairs of a key and Base64")
            }
            let key = String(parts[0])
            guard ["filename", "chatroomId"].contains(key) else { continue }
            guard let data = Data(base64Encoded: parts.count == 2 ? String(parts[1]) : ""),
                let value = String(validating: data, as: UTF8.self), !value.contains("\0")
            else { throw .invalid("Upload-Metadata", "is not Base64 of UTF-8 text") }
            guard values.updateValue(value, forKey: key) == nil else {
                throw .invalid("Upload-Metadata", "has a key twice")
            }
        }
        guard let name = values["filename"] else { throw .invalid("Upload-Metadata", "has no filename") }
        self.name = try FileName.cleaned(name)
        if let text = values["chatroomId"] {
            guard let chatroom = ChatroomID(text) else { throw .invalid("chatroomId", "is not valid") }
            self.chatroom = chatroom
        } else {
            self.chatroom = nil
        }
    }
}
