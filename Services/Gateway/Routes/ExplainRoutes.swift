import ChatAPI
import Hummingbird
import IOThread
import ServiceKit

/// What this node did with one entry, for operators, under `/internal`.
struct ExplainRoutes: Sendable {
    let node: String
    let delivery: Delivery
    let acknowledged: AcknowledgedMessages

    var routes: RouteCollection<OperatorContext> {
        RouteCollection(context: OperatorContext.self).get("explain/:id", use: self.explain)
    }

    /// `GET /internal/explain/:id` → 200, for any message id: of one that never came by it says so.
    func explain(request: Request, context: OperatorContext) async throws -> Answer<ExplainedDelivery> {
        let id = try context.parameters.require("id", as: MessageID.self)
        let chatroom = await withCheckedContinuation { continuation in
            IOThread.shared.execute { [delivery] in
                let live = delivery.state.value.chatrooms[id.chatroom]
                continuation.resume(
                    returning: live.map {
                        ExplainedDelivery.Chatroom(
                            sockets: $0.sockets, isSubscribed: $0.isSubscribed, last: $0.position.last,
                            newest: $0.position.newest)
                    })
            }
        }
        return Answer(
            ExplainedDelivery(
                node: self.node, acknowledgedAt: self.acknowledged.time(of: id),
                deliveredAt: self.delivery.recent.time { $0 == id },
                remembersSince: max(self.delivery.recent.since, self.acknowledged.since), chatroom: chatroom))
    }
}

/// When this node acknowledged the last messages that were sent through it.
struct AcknowledgedMessages: Sendable {
    /// Receipts as History wrote them: they are read when an operator asks, and not at every message.
    private let receipts = Recent<String>()

    func note(receipt: String) { self.receipts.note(receipt) }

    func time(of id: MessageID) -> Timestamp? {
        let member = "\"id\":\"\(id)\""
        return self.receipts.time { $0.contains(member) }
    }

    var since: Timestamp { self.receipts.since }
}
