internal import CHiredis

/// What a server answered, copied out of hiredis' memory.
package enum RedisReply: Hashable, Sendable {
    case null
    case integer(Int64)
    case bytes([UInt8])
    case array([RedisReply])
    case error(String)

    /// The text of a bulk or status reply.
    package var text: String? {
        if case .bytes(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
    }

    init(_ reply: UnsafePointer<redisReply>) {
        let reply = reply.pointee
        switch reply.type {
        case REDIS_REPLY_INTEGER: self = .integer(Int64(reply.integer))
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: self = .bytes(reply.copyBytes())
        case REDIS_REPLY_ERROR: self = .error(String(decoding: reply.copyBytes(), as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            self = .array(
                (0..<reply.elements).map { index in
                    reply.element[index].map { RedisReply(UnsafePointer($0)) } ?? .null
                })
        default: self = .null
        }
    }
}

extension redisReply {
    fileprivate func copyBytes() -> [UInt8] {
        guard let start = self.str else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: self.len))
    }
}
