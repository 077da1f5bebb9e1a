import ChatAPI
import Foundation
import NIOCore
import ServiceKit

/// A message on its way to History: who says it where, and its body as the client wrote it.
struct OutgoingMessage: Sendable {
    var sender: UserID
    var chatroom: ChatroomID
    var clientId: UUID
    /// JSON text of a ``MessageBody``, its members as they were written.
    var body: [UInt8]
}

/// What became of it, as History wrote it.
enum AppendResult: Hashable, Sendable {
    /// JSON text of a ``MessageReceipt``.
    case receipt(String)
    /// JSON text of an ``ErrorBody``.
    case refused(String)
}

/// ``AppendMessages`` as text: bodies and receipts go through the Gateway without being decoded and encoded again.
enum AppendCalls {
    /// Half of what an internal listener takes as one body.
    static var maxBytes: Int { 8 * 1024 * 1024 }

    /// In their order, none of them too large for a call.
    static func slices(of messages: [OutgoingMessage]) -> [ArraySlice<OutgoingMessage>] {
        var slices: [ArraySlice<OutgoingMessage>] = []
        var (start, bytes) = (0, 0)
        for (index, message) in messages.enumerated() {
            if bytes + message.body.count > self.maxBytes, index > start {
                slices.append(messages[start..<index])
                (start, bytes) = (index, 0)
            }
            bytes += message.body.count
        }
        return start < messages.count ? slices + [messages[start...]] : slices
    }

    static func body(of messages: ArraySlice<OutgoingMessage>) -> ByteBuffer {
        var text = ByteBuffer()
        text.reserveCapacity(messages.reduce(32) { $0 + $1.body.count + 160 })
        text.writeStaticString("{\"messages\":[")
        for (index, message) in zip(messages.indices, messages) {
            if index > messages.startIndex { text.writeStaticString(",") }
            text.writeString("{\"senderId\":\(message.sender),\"chatroomId\":\(message.chatroom),\"clientId\":\"")
            text.writeString(message.clientId.uuidString)
            text.writeStaticString("\",\"message\":")
            text.writeBytes(message.body)
            text.writeStaticString("}")
        }
        text.writeStaticString("]}")
        return text
    }

    /// One for each message, in order.
    ///
    /// - Throws: ``ServiceUnavailable`` for what is no answer.
    static func results(in answer: [UInt8]) throws -> [AppendResult] {
        do {
            return try JSONMembers(answer).elements(of: "results").map { text in
                let result = try JSONMembers(Array(text))
                if let receipt = result.text(of: "receipt") {
                    return .receipt(String(decoding: receipt, as: UTF8.self))
                }
                return .refused(
                    String(decoding: try result.required("error", result.text(of: "error")), as: UTF8.self))
            }
        } catch let error as RequestError {
            throw ServiceUnavailable(service: "history", reason: "an answer that does not decode: \(error)")
        }
    }
}
