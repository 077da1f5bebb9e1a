import NIOCore
import Testing

@testable import Sockets

@Suite(.timeLimit(.minutes(10)))
struct AcknowledgementTests {
    private func ask(timeout: Duration) -> RecordingApplication {
        RecordingApplication(event: { event, socket in
            guard event.name == "ask" else { return }
            socket.emit(#"["question",1]"#, timeout: timeout) { result in
                switch result {
                case .answered(let arguments, let attachments):
                    socket.emit(#"["answered",\#(String(buffer: arguments)),\#(attachments.count)]"#)
                case .timedOut: socket.emit(#"["timed out"]"#)
                case .disconnected: break
                }
            }
        })
    }

    @Test func `a client's acknowledgement reaches who asked, once`() async throws {
        let application = self.ask(timeout: .seconds(30))
        try await withServer(mounts: application.mounts) { server in
            let socket = try await server.openWebSocket("/socket.io/")
            try await socket.join()
            try await socket.send(#"42["ask"]"#)
            #expect(await socket.next() == .text(#"421["question",1]"#))
            try await socket.send(#"43999["unknown"]"#)
            try await socket.send(#"431["yes",{"a":1}]"#)
            try await socket.send(#"431["again"]"#)
            #expect(await socket.next() == .text(#"42["answered",["yes",{"a":1}],0]"#))
            try await socket.send(#"42["ask"]"#)
            #expect(await socket.next() == .text(#"422["question",1]"#))
            try await socket.send(#"461-2[{"_placeholder":true,"num":0}]"#)
            try await socket.send(binary: [1])
            #expect(await socket.next() == .text(#"42["answered",[{"_placeholder":true,"num":0}],1]"#))
        }
    }

    @Test func `an acknowledgement that does not come is given up`() async throws {
        let application = self.ask(timeout: .milliseconds(50))
        try await withServer(mounts: application.mounts) { server in
            let socket = try await server.openWebSocket("/socket.io/")
            try await socket.join()
            try await socket.send(#"42["ask"]"#)
            #expect(await socket.next() == .text(#"421["question",1]"#))
            #expect(await socket.next() == .text(#"42["timed out"]"#))
        }
    }

    @Test func `whoever waits for a client that goes is told`() async throws {
        let (results, continuation) = AsyncStream<String>.makeStream()
        let application = RecordingApplication(connect: { socket in
            socket.accept()
            socket.emit(#"["question"]"#, timeout: .seconds(30)) { result in
                if case .disconnected = result { continuation.yield("disconnected") }
            }
        })
        try await withServer(mounts: application.mounts) { server in
            let socket = try await server.openWebSocket("/socket.io/")
            try await socket.join()
            try await socket.client.abort()
            for await result in results {
                #expect(result == "disconnected")
                break
            }
        }
    }

    @Test func `an id of thirty digits comes back with the same digits, from any thread`() async throws {
        let application = RecordingApplication(event: { event, _ in
            let acknowledgement = event.acknowledgement
            Task { acknowledgement?.answer(#"["done"]"#) }
        })
        try await withServer(mounts: application.mounts) { server in
            let socket = try await server.openWebSocket("/socket.io/")
            try await socket.join()
            try await socket.send(#"42012345678901234567890123456789["e"]"#)
            #expect(await socket.next() == .text(#"43012345678901234567890123456789["done"]"#))
        }
    }
}
