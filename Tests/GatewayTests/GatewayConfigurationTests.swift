import ServiceKit
import Sockets
import Testing

@testable import Gateway

struct GatewayConfigurationTests {
    private func configuration(_ environment: [String: String] = [:]) -> GatewayConfiguration {
        let local = ["TEAHOUSE_MODE": "local"].merging(environment) { $1 }
        return GatewayConfiguration(ConfigurationKeys(service: "gateway", environment: local))
    }

    @Test func `the limits are on by default`() {
        let configuration = self.configuration()
        #expect(configuration.messages.maxCharacters == 4_000)
        #expect(configuration.maxEventBytes == 65_536)
        #expect(configuration.maxRefusedEvents == 500)
        #expect(configuration.sockets.attachmentTimeout == .seconds(9))
        #expect(configuration.sockets.connectTimeout == .seconds(45))
        #expect(configuration.people.eventsPerSecond == 20)
        #expect(configuration.people.burst == 100)
        #expect(configuration.people.socketsPerUser == 20)
        #expect(configuration.replay.perChatroom == 1_000)
        #expect(configuration.replay.perConnection == 5_000)
        #expect(configuration.maxCursors == 2_000)
        #expect(configuration.readyWithin == .seconds(15))
    }

    @Test func `each start has another node tag, unless one is given`() {
        let tags = Set((0..<10).map { _ in self.configuration().sockets.nodeTag })
        #expect(tags.count == 10)
        for tag in tags { #expect(tag.wholeMatch(of: /[a-z0-9]{1,16}/) != nil) }
        #expect(self.configuration(["GATEWAY_NODE_TAG": "g7"]).sockets.nodeTag == "g7")
    }
}
