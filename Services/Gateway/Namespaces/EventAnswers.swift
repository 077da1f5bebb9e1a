import ChatAPI
import Logging
import NIOCore
import ServiceKit
import Sockets

/// How events are read and acknowledged.
extension SocketEvent {
    /// The first argument.
    ///
    /// - Throws: ``RequestError/invalid(fields:)``.
    func decode<T: Decodable>(_ type: T.Type) throws(RequestError) -> T {
        guard let argument = self.arguments.first else { throw .invalid("body", "is missing") }
        return try StrictJSON.decode(type, from: Array(argument.readableBytesView))
    }

    /// The first argument, taken apart one level deep.
    ///
    /// - Throws: ``RequestError/invalid(fields:)``.
    func members() throws(RequestError) -> JSONMembers {
        guard let argument = self.arguments.first else { throw .invalid("body", "is missing") }
        return try JSONMembers(Array(argument.readableBytesView))
    }

    func answer(_ result: some Encodable) { self.acknowledgement?.answer("[\(EventText.json(result))]") }

    func refuse(_ error: ErrorBody) { self.answer(["error": error]) }

    /// A refusal as it is; a failure of ours without detail.
    func fail(_ error: any Error, logger: Logger) {
        if let refusal = error as? any ServiceError { return self.refuse(refusal.body) }
        logger.warning("an event failed", metadata: ["event": "\(self.name)", "error": "\(error)"])
        self.refuse(RequestError.unavailable.body)
    }
}
