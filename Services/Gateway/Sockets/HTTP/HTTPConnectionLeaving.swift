import NIOCore

/// How a connection ceases to be one of HTTP: as a WebSocket, here or on the loop its session lives on, or as one that
/// another node serves.
extension HTTPConnectionHandler {
    func beginUpgrade(home: Int) {
        self.state = .upgrading
        if home == self.loop.index { self.carryOutUpgrade() } else { self.move(to: self.loops[home]) }
    }

    /// Makes the connection a WebSocket, on its session's home loop.
    func carryOutUpgrade() {
        guard let exchange = self.exchange else { return }
        if case .plainUpgrade(let application, let upgrade) = exchange.route {
            let owner = WebSocketApplicationAdapter(application)
            return self.leave(to: self.webSocket(of: owner), upgrade) { _ in }
        }
        guard case .upgrade(let mount, let sid, let upgrade) = exchange.route else { return }
        guard let sid else {
            do throws(EngineRefusal) {
                let connection = try self.admit(exchange, to: mount, transport: .webSocket)
                self.leave(to: self.webSocket(of: connection), upgrade) {
                    connection.begin(on: $0)
                }
            } catch {
                self.refuse(error)
            }
            return
        }
        guard let connection = self.loop.sessions[sid.text] else { return self.refuse(.unknownSession) }
        switch connection.attach() {
        case .refuse(let refusal): self.refuse(refusal)
        case .probe:
            self.leave(to: self.webSocket(of: connection), upgrade) { connection.attached($0) }
        case .surplus:
            self.leave(to: self.webSocket(of: nil), upgrade) { $0.close(nil) }
        }
    }

    private func webSocket(of owner: (any WebSocketOwner)?) -> WebSocketHandler {
        WebSocketHandler(loop: self.loop, owner: owner, descriptor: self.usableDescriptor)
    }

    /// Answers 101 and leaves the connection to `handler`.
    private func leave(
        to handler: WebSocketHandler, _ upgrade: WebSocketUpgrade, then begin: (WebSocketHandler) -> Void
    ) {
        guard let context = self.context, let exchange = self.exchange else { return }
        self.exchange = nil
        self.deadline = nil
        self.state = .left
        let leftover = self.parser.takeRest()
        let response = upgrade.response(headers: exchange.headers(self.loop.context.configuration.crossOrigin))
        do {
            try context.pipeline.syncOperations.addHandler(handler, position: .after(self))
        } catch {
            // The channel is going down already; the session learns of it as of any lost WebSocket.
            begin(handler)
            handler.abandon()
            return context.close(promise: nil)
        }
        // One segment has the 101 and what the session says first.
        handler.begin(with: response)
        begin(handler)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        if leftover.readableBytes > 0 { handler.receive(leftover) }
    }

    /// Moves the socket to the loop its session lives on: a descriptor of its own there, none here.
    private func move(to home: EngineLoop.LoopBox) {
        guard let context = self.context, let exchange = self.exchange else { return }
        let leftover = self.parser.takeRest()
        let descriptor = ConnectedSocket.duplicate(context.channel)
        self.exchange = nil
        self.deadline = nil
        self.state = .left
        self.loop.closed(context.channel)
        context.close(promise: nil)
        guard let descriptor else { return }
        ConnectedSocket.adopt(descriptor, on: home, loops: self.loops, exchange: exchange, leftover: leftover)
    }

    // MARK: Other nodes

    /// Hands the request to the node whose session it is for, and the connection to a relay between the two.
    func beginForwarding(to node: ForeignNode) {
        guard let context = self.context else { return }
        self.state = .upgrading
        self.setDeadline(in: self.requestTimeout)
        // What follows is the relay's to read.
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        self.forward(to: node)
    }

    private func forward(to node: ForeignNode) {
        guard let exchange = self.exchange, let forwarding = self.loop.context.forwarding else { return }
        let isUpgrade = WebSocketUpgrade.isRequested(by: exchange.head)
        RelayHandler.connect(to: node.address, on: self.loop).assumeIsolated().whenComplete { result in
            guard case .success(let channel) = result else {
                forwarding.nodes.forget(node.tag, at: node.address)
                return self.ownerIsGone(isUpgrade: isUpgrade)
            }
            guard self.state == .upgrading, let context = self.context else { return channel.close(promise: nil) }
            let ends = RelayHandler.pair(loop: self.loop, isUpgrade: isUpgrade)
            do {
                try channel.pipeline.syncOperations.addHandler(ends.owner)
                try context.pipeline.syncOperations.addHandler(ends.client, position: .after(self))
            } catch {
                channel.close(promise: nil)
                return self.ownerIsGone(isUpgrade: isUpgrade)
            }
            let client = self.loop.context.configuration.address(of: exchange.head, peer: context.channel.remoteAddress)
            ends.owner.write(exchange.forwarded(key: forwarding.key, client: client))
            let leftover = self.parser.takeRest()
            if isUpgrade { ends.owner.write(leftover) }
            self.exchange = nil
            self.deadline = nil
            self.state = .left
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
            ends.client.setReading(true)
        }
    }

    private func ownerIsGone(isUpgrade: Bool) {
        guard self.state == .upgrading, let context = self.context else { return }
        var answer = isUpgrade ? EngineRefusal.unknownSession.upgradeAnswer : EngineRefusal.unknownSession.answer
        answer.closes = true
        self.write(answer)
        try? context.channel.syncOptions?.setOption(.autoRead, value: true)
    }
}
