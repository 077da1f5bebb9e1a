/// What is wrong with bytes from the other side; each of these ends the session.
package enum PacketError: String, Error, Hashable, Sendable {
    case empty
    case unknownType
    case invalidUTF8
    case invalidBase64
    case invalidJSON
    /// Nested deeper than ``JSONScanner/maxDepth``.
    case tooDeep
    /// JSON, but not what this type of packet carries.
    case wrongShape
    case reservedName
    case invalidAcknowledgementID
    /// Not digits and `-`, or more than ``SocketPacket/maxAttachments``.
    case invalidAttachmentCount
    /// A placeholder whose `num` names no attachment.
    case invalidPlaceholder
    /// Text while attachments are due.
    case unexpectedText
    /// Binary while none is due.
    case unexpectedBinary
    /// Of a namespace that was never joined.
    case unknownNamespace
    /// Attachments that are too large together.
    case tooLarge
}
