import Logging
import NIOCore

/// What all loops of a server share. `Sendable`: constants and atomics.
final class ServerContext: Sendable {
    let configuration: SocketConfiguration
    let limits: EngineLimits
    let connectTimeout: TimeAmount
    let attachmentTimeout: TimeAmount
    let mounts: [(path: String, mount: SocketMount)]
    let logger: Logger
    let metrics: SocketMetrics
    let admission: Admission
    let forwarding: Forwarding?

    init(
        configuration: SocketConfiguration, mounts: [(path: String, mount: SocketMount)], forwarding: Forwarding?,
        logger: Logger
    ) {
        self.configuration = configuration
        self.limits = EngineLimits(configuration)
        self.connectTimeout = TimeAmount(configuration.connectTimeout)
        self.attachmentTimeout = TimeAmount(configuration.attachmentTimeout)
        self.mounts = mounts
        self.logger = logger
        self.metrics = SocketMetrics()
        self.admission = Admission(configuration)
        self.forwarding = forwarding
    }
}
