import NIOCore
import SocketIO

/// An event ready to leave: encoded once, its bytes shared by everybody who receives it.
///
/// `Sendable`: a value over shared, copy-on-write bytes.
package struct EncodedEvent: Sendable {
    package let namespace: String
    /// Dropped instead of queued when the transport cannot take it now.
    package let isVolatile: Bool
    /// Its text, then its attachments.
    let first: OutgoingPacket
    let others: [OutgoingPacket]

    /// `array` is the JSON text of the event, `["message",{…}]`, relayed untouched.
    ///
    /// `nil` unless it is one: UTF-8, valid JSON, a name first that is not reserved, not more than ten attachments.
    package init?(
        _ array: ByteBuffer, namespace: String = "/", attachments: [ByteBuffer] = [], isVolatile: Bool = false
    ) {
        self.init(array, id: nil, namespace: namespace, attachments: attachments, isVolatile: isVolatile)
    }

    package init?(
        _ array: some StringProtocol, namespace: String = "/", attachments: [ByteBuffer] = [], isVolatile: Bool = false
    ) {
        self.init(
            ByteBuffer(string: String(array)), namespace: namespace, attachments: attachments, isVolatile: isVolatile)
    }

    /// `id`: asks for an acknowledgement.
    init?(_ array: ByteBuffer, id: String?, namespace: String, attachments: [ByteBuffer], isVolatile: Bool) {
        guard array.isValidUTF8, attachments.count <= SocketPacket.maxAttachments,
            (try? EventArray(array, attachments: attachments.isEmpty ? nil : attachments.count)) != nil
        else { return nil }
        self.namespace = namespace
        self.isVolatile = isVolatile
        self.first = OutgoingPacket(
            SocketPacket(.event, namespace: namespace, id: id, payload: array, attachments: attachments))
        self.others = attachments.map { OutgoingPacket(binary: $0) }
    }

    /// What it takes to keep it for a while.
    package var byteCount: Int { self.others.reduce(self.first.frame.count) { $0 + $1.frame.count } }
}
