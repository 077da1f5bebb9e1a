import NIOCore

/// A request on its way to a session's home loop, and the way its answer takes back.
///
/// `Sendable`: leads back to the loop of the connection and touches it nowhere else.
struct PollRequest: Sendable {
    let id: RequestID
    private let connection: NIOLoopBound<HTTPConnectionHandler>

    init(id: RequestID, connection: HTTPConnectionHandler, eventLoop: any EventLoop) {
        self.id = id
        self.connection = NIOLoopBound(connection, eventLoop: eventLoop)
    }

    /// From any loop. An answer to a request that was given up goes nowhere.
    func answer(_ answer: HTTPAnswer) {
        let eventLoop = self.connection.eventLoop
        if eventLoop.inEventLoop {
            self.connection.value.answer(self.id, answer)
        } else {
            eventLoop.execute { self.connection.value.answer(self.id, answer) }
        }
    }
}

extension EngineConnection? {
    /// A request for a session that may not be there.
    func poll(_ request: PollRequest) {
        self.map { $0.poll(request) } ?? request.answer(EngineRefusal.unknownSession.answer)
    }

    func beginPost(_ request: PollRequest) {
        self.map { $0.beginPost(request) } ?? request.answer(EngineRefusal.unknownSession.answer)
    }

    func refuseMethod(_ request: PollRequest) {
        self.map { $0.refuseMethod(request) } ?? request.answer(EngineRefusal.unknownSession.answer)
    }
}
