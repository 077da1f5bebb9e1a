import ServiceKit
import Sockets

/// A new token for a live socket: `renew`.
extension ChatNamespace {
    private struct Renew: Codable {
        var token: String?
    }

    /// `renew {token?}` → `{token}`: the token given, or a new one from Auth. Where the cookie carries it: `{}`, as
    /// the page gets its own from `POST /renew`. That of another user is refused, and the
    /// transport closed.
    func renew(_ event: SocketEvent, _ client: Client) throws {
        guard let token = try event.decode(Renew.self).token else {
            return self.askAuth(event, client)
        }
        let claims = try self.tokens.verify(token)
        guard claims.user == client.user else {
            event.refuse(RequestError.forbidden.body)
            return client.close()
        }
        client.renew(token, claims)
        event.answer(Renew(token: token))
    }

    private func askAuth(_ event: SocketEvent, _ client: Client) {
        let (old, reference, carrier) = (client.token, client.reference, client.carrier)
        self.tasks.start {
            do {
                guard let token = try await self.auth.renew(old) else { throw RequestError.unauthenticated }
                let claims = try self.tokens.verify(token)
                _ = await reference.ask { $0.renew(token, claims) }
                event.answer(Renew(token: carrier == .cookie ? nil : token))
            } catch {
                event.fail(error, logger: self.logger)
            }
        }
    }
}
