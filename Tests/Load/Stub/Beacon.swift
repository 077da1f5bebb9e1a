import ServiceLifecycle

/// Publishes the heads every two seconds, as History does.
struct Beacon: Service {
    let stub: Stub

    func run() async throws {
        // Told to end, it ends its sleep by throwing.
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                self.stub.publishHeads()
                try await Task.sleep(for: .seconds(2))
            }
        }
    }
}
