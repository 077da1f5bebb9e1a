import NIOCore
import Testing

@testable import Sockets

@Suite(.timeLimit(.minutes(10)))
struct NamespaceTests {
    /// Runs `body` with a WebSocket to an application.
    private func with(
        _ application: RecordingApplication, _ configure: (inout SocketConfiguration) -> Void = { _ in },
        _ body: (WireWebSocket) async throws -> Void
    ) async throws {
        try await withServer(configure, mounts: application.mounts) { server in
            try await body(try await server.openWebSocket("/socket.io/"))
        }
    }

    @Test func `CONNECT is answered before any event, also when decided later elsewhere`() async throws {
        let application = RecordingApplication(connect: { socket in
            socket.emit(#"["too early"]"#)
            let reference = socket.reference
            Task {
                reference.execute {
                    $0.accept()
                    $0.emit(#"["welcome"]"#)
                }
            }
        })
        try await self.with(application) { socket in
            try await socket.join()
            #expect(await socket.next() == .text(#"42["welcome"]"#))
        }
    }

    @Test func `a refused CONNECT says why and leaves the session open`() async throws {
        let application = RecordingApplication(connect: { socket in
            if socket.namespace == "/" {
                socket.refuse(message: "no \"token\"", data: #"{"code":"unauthenticated"}"#)
            } else {
                socket.accept()
            }
        })
        try await self.with(application) { socket in
            try await socket.send("40")
            #expect(
                await socket.next()
                    == .text(#"44{"message":"no \"token\"","data":{"code":"unauthenticated"}}"#))
            try await socket.join("/custom,")
        }
    }

    @Test func `events that come while CONNECT is undecided are delivered after it in order`() async throws {
        let application = RecordingApplication(
            connect: { socket in
                let reference = socket.reference
                Task { reference.execute { $0.accept() } }
            },
            event: { event, socket in socket.emit(#"["got",\#(event.argumentsText)]"#) })
        try await self.with(application) { socket in
            var bytes = ByteBuffer()
            for packet in ["40", #"42["e",1]"#, #"42["e",2]"#, #"42["e",3]"#] {
                bytes.writeImmutableBuffer(WireWebSocket.frame(0x81, Array(packet.utf8)))
            }
            try await socket.client.send(bytes)
            guard case .text(let connect)? = await socket.next() else { throw ChannelError.eof }
            #expect(connect.hasPrefix("40{"))
            for number in 1...3 { #expect(await socket.next() == .text(#"42["got",\#(number)]"#)) }
        }
    }

    @Test func `more than sixteen events before the answer close the session`() async throws {
        let application = RecordingApplication(connect: { _ in })
        try await self.with(application) { socket in
            try await socket.send("40")
            for _ in 0...16 { try await socket.send(#"42["e"]"#) }
            #expect(await socket.isClosedByServer())
        }
    }

    @Test func `a paused socket's events wait for it to go on`() async throws {
        let application = RecordingApplication(
            connect: {
                $0.accept()
                $0.pause()
            },
            event: { event, socket in socket.emit(#"["got",\#(event.argumentsText)]"#) })
        try await self.with(application) { socket in
            try await socket.join()
            try await socket.send(#"42["e",1]"#)
            try await socket.send(#"42["e",2]"#)
            try await socket.join("/custom,")
            // The other namespace's answer has overtaken both events: they do wait.
            try await socket.send(#"42/custom,["e",3]"#)
            try await socket.close()
        }
        var events: [String] = []
        for await line in application.log {
            if line.hasPrefix("event") { events.append(line) }
            if line.hasPrefix("disconnect") { break }
        }
        #expect(events.isEmpty)
    }

    @Test(arguments: [
        (["40", "40"], "a namespace joined twice"), ([#"42["e"]"#], "an event before CONNECT"),
        (["40", #"42/custom,["e"]"#], "an event for a namespace never joined"),
        (["40", #"44{"message":"x"}"#], "CONNECT_ERROR from a client"), (["41"], "DISCONNECT before CONNECT"),
        ([#"43["x"]"#], "an acknowledgement without an id"), (["40", #"42["connect"]"#], "a reserved name"),
        (["40", "8"], "no packet of Engine.IO"),
        ([#"451-["e"]"#], "attachments for a namespace never joined"), (["2"], "a ping from the client"),
    ])
    func `what the protocol forbids closes the session`(_ packets: [String], _ what: String) async throws {
        try await self.with(RecordingApplication()) { socket in
            for packet in packets { try? await socket.send(packet) }
            #expect(await socket.isClosedByServer(), "\(what)")
        }
    }

    @Test func `a namespace may be left and joined again under a new id`() async throws {
        try await self.with(RecordingApplication()) { socket in
            try await socket.send("40")
            let first = await socket.next()
            try await socket.send("41")
            try await socket.send(#"42["late"]"#)
            try await socket.send("40")
            let second = await socket.next()
            #expect(first != second)
        }
    }

    @Test func `a server's disconnect is told, and what the client had under way is dropped`() async throws {
        let application = RecordingApplication(
            event: { event, socket in
                if event.name == "out" { socket.disconnect() } else { socket.emit(#"["back"]"#) }
            })
        try await self.with(application) { socket in
            try await socket.join()
            try await socket.join("/custom,")
            try await socket.send(#"42["out"]"#)
            try await socket.send(#"42["late"]"#)
            #expect(await socket.next() == .text("41"))
            try await socket.send(#"42/custom,["e"]"#)
            #expect(await socket.next() == .text(#"42/custom,["back"]"#))
            await application.logs("disconnect server namespace disconnect")
        }
    }

    @Test func `closing the transport sends what is queued first`() async throws {
        let application = RecordingApplication(event: { _, socket in
            socket.emit(#"["bye"]"#)
            socket.close()
        })
        try await self.with(application) { socket in
            try await socket.join()
            try await socket.send(#"42["e"]"#)
            #expect(await socket.next() == .text(#"42["bye"]"#))
            #expect(await socket.isClosedByServer())
            await application.logs("disconnect forced close")
        }
    }

    @Test func `the application is told why a socket is gone`() async throws {
        let application = RecordingApplication()
        try await self.with(application) { socket in
            try await socket.join()
            try await socket.send("41")
            await application.logs("disconnect client namespace disconnect")
            try await socket.join()
            try await socket.close()
            await application.logs("disconnect transport close")
        }
        try await self.with(application) { socket in
            try await socket.join()
            try await socket.client.abort()
            await application.logs("disconnect transport close")
        }
        try await self.with(application) { socket in
            try await socket.join()
            try await socket.send("rubbish")
            await application.logs("disconnect parse error")
        }
    }

    @Test func `who joins nothing in time is closed, who has joined is not`() async throws {
        try await self.with(RecordingApplication()) {
            $0.connectTimeout = .seconds(2)
            $0.pingInterval = .seconds(3)
        } _: { socket in
            try await socket.join()
            #expect(await socket.next() == .text("2"))
        }
    }

    @Test func `attachments that do not come close the session`() async throws {
        try await self.with(RecordingApplication()) {
            $0.attachmentTimeout = .milliseconds(50)
        } _: { socket in
            try await socket.join()
            try await socket.send(#"451-["e",{"_placeholder":true,"num":0}]"#)
            #expect(await socket.isClosedByServer())
        }
    }
}
