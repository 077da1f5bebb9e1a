import ChatAPI
import Foundation
import Synchronization
import TestServers
import Testing

@testable import Gateway

/// A live socket's token: renewed in band, warned of, ended.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct TokenTests {
    @Test func `a token is renewed in place, by Auth or by the client, and never for another user`() async throws {
        try await withGateways { world in
            let alice = try await world.enter(.alice)
            #expect((await alice.ask("renew", "{}")?["token"] as? String)?.isEmpty == false)
            let own = try world.standIns.token(.alice)
            #expect(await alice.ask("renew", "{\"token\":\"\(own)\"}", id: 2)?["token"] as? String == own)
            let foreign = try world.standIns.token(.bob)
            #expect(await alice.ask("renew", "{\"token\":\"\(foreign)\"}", id: 3)?.refusal == "forbidden")
            #expect(await alice.next() == nil, "closed")
        }
    }

    @Test func `an old token is renewed by the Gateway and told, once, and for many in one call`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            let old = try world.standIns.token(.alice, age: .seconds(7_200))
            var clients: [TestClient] = []
            for _ in 0..<10 { clients.append(try await TestClient(world.gateways[0], token: old)) }
            for client in clients {
                let new = try #require(await client.event("token")?["token"] as? String)
                #expect(new != old)
                // The new one holds, here too.
                let again = try await TestClient(world.gateways[0], token: new)
                #expect(await again.event("ready") != nil)
                await again.close()
            }
            #expect(world.standIns.calls(of: "/auth/internal/tokens/renew") <= 10)
            #expect(await clients[0].send("still here", to: .lobby)?["seq"] as? Int == 1)
        }
    }

    @Test func `with Auth out of reach renewal is tried again, and the socket goes on meanwhile`() async throws {
        try await withGateways(environment: ["GATEWAY_RENEW_AFTER": "1s"]) { world in
            world.standIns.makeRoom(.lobby, .alice)
            world.standIns.state.withLock { _ = $0.failing.insert("/auth/internal/tokens/renew") }
            let old = try world.standIns.token(.alice, age: .seconds(60))
            let alice = try await TestClient(world.gateways[0], token: old)
            #expect(await alice.send("on", to: .lobby)?["seq"] as? Int == 1)
            world.standIns.state.withLock { _ = $0.failing.remove("/auth/internal/tokens/renew") }
            #expect(await alice.event("token") != nil)
        }
    }

    /// S12
    @Test func `a token that expires is warned of and ends its socket; a fresh one lets it go on`() async throws {
        try await withGateways { world in
            world.standIns.makeRoom(.lobby, .alice)
            let token = try world.standIns.token(.alice, life: .seconds(5))
            let doomed = try await TestClient(world.gateways[0], token: token)
            let saved = try await TestClient(world.gateways[0], token: token)
            _ = await saved.event("ready")
            let fresh = try world.standIns.token(.alice)
            #expect(await saved.ask("renew", "{\"token\":\"\(fresh)\"}")?["token"] as? String == fresh)
            #expect(await doomed.bye() == "token_expires")
            #expect(await doomed.next() == nil)
            #expect(await saved.send("after the end of the first", to: .lobby)?["seq"] as? Int == 1)
        }
    }
}
