import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Redis
import ServiceKit
import ServiceLifecycle
import Sockets

/// Terminates WebSocket and polling, owns rooms, has no database: takes what people say to History, and what the bus says
/// to people.
@main
struct GatewayService {
    static func main() async {
        await ServiceProcess.run(.gateway, GatewayConfiguration.self) { @Sendable configuration in
            NIOSingletons.groupLoopCountSuggestion = configuration.eventLoops
            return try Self.application(configuration).application
        }
    }

    /// The application, and what tests look at.
    struct Parts {
        var application: ServiceApplication
        var listener: SocketListener
        var services: [any Service]
    }

    static func application(_ configuration: GatewayConfiguration) throws -> Parts {
        #if DEBUG
            configuration.drillFault.plant()
        #endif
        // The process's loops, which its calls to other services use too: each thread more is one more to be woken.
        let loops = MultiThreadedEventLoopGroup.singleton
        let executors = loops.makeIterator().map(LoopExecutor.init)
        let tokens = TokenVerifier()
        var application = ServiceApplication(configuration.common, tokens: tokens)
        let logger = application.logger
        let socialClient = application.client(of: .social)
        let authClient = application.client(of: .auth)
        let history = HistoryClient(application.client(of: .history), executors: executors)
        let auth = AuthClient(authClient)

        let redis = try Redis(urls: configuration.common.redisURLs, logger: logger)
        let tasks = BackgroundTasks(executors: executors)
        let people = People(limits: configuration.people)
        let social = SocialClient(socialClient)
        let privacies = Privacies(auth: auth, tasks: tasks, logger: logger)
        let presence = Presence(
            grace: configuration.presenceGrace, redis: redis, social: social, people: people, privacies: privacies,
            tasks: tasks, logger: logger)
        let delivery = Delivery(
            redis: redis, history: history, people: people, privacies: privacies, tasks: tasks,
            timing: Delivery.Timing(leaving: configuration.drainTime), logger: logger)
        let namespace = ChatNamespace(
            configuration: configuration, tokens: tokens, people: people, privacies: privacies, delivery: delivery,
            history: history, social: social, auth: auth, presence: presence, redis: redis, tasks: tasks, logger: logger
        )
        let nodes = Nodes(tag: configuration.sockets.nodeTag, redis: redis)
        let keys = configuration.common.serviceKeys
        let server = SocketServer(
            configuration: configuration.sockets, group: loops, application: namespace,
            forwarding: Forwarding(nodes: nodes.registry, key: keys.own) {
                keys.caller(presenting: $0) == ServiceName.gateway.rawValue
            },
            logger: logger)

        let events = SocialEvents(
            people: people, delivery: delivery, presence: presence, auth: auth, tasks: tasks, logger: logger)
        let socialFeed = self.socialFeed(of: socialClient, events, logger)
        let authFeed = self.authFeed(of: authClient, tokens, people, privacies, presence, logger)
        people.start { server.makeRoom($0) }
        delivery.start(
            makeRoom: { server.makeRoom($0) }, others: [BusChannel.authChanges, BusChannel.socialChanges]
        ) { channel, payload in
            if channel == BusChannel.nodes { return nodes.heard(payload) }
            if channel.hasPrefix("user:") { return presence.heard(channel, payload) }
            guard let position = Int64(String(decoding: payload, as: UTF8.self)) else { return }
            if channel == BusChannel.authChanges { authFeed.poke(position) } else { socialFeed.poke(position) }
        }

        nodes.listen()

        let listener = SocketListener(
            server: server, addresses: configuration.addresses, nodes: nodes, people: people,
            drainTime: configuration.drainTime, logger: logger)
        let services: [any Service] = [redis, tasks, presence, authFeed, socialFeed]
        for service in services { application.add(service) }
        application.listenPublicly(with: listener, shutdownTime: configuration.drainTime + .seconds(5))
        application.readyWhen("bus") { delivery.isHearing.isSet }
        application.readyWhen("listener") { listener.isListening }
        application.report { [tag = configuration.sockets.nodeTag] status in
            status.instance = tag
            status.redis = await redis.connected.map {
                .init(server: $0.server.description, isConnected: $0.isConnected)
            }
            status.feeds += [authFeed.status, socialFeed.status, .init(of: "history", epoch: await delivery.epoch)]
        }
        application.internalRoutes.group("internal", context: OperatorContext.self).addRoutes(
            ExplainRoutes(
                node: configuration.sockets.nodeTag, delivery: delivery, acknowledged: namespace.acknowledged
            ).routes)
        return Parts(application: application, listener: listener, services: services)
    }

    private static func socialFeed(
        of social: ServiceClient, _ events: SocialEvents, _ logger: Logger
    ) -> ChangeFeedReader<SocialChange> {
        ChangeFeedReader(
            of: social, logger: logger,
            restart: {
                // Nothing is loaded: sockets ask for their views when they come. Only what is newer concerns them.
                let now: Changes<SocialChange> = try await social.call(.get, "/internal/changes?after=0&limit=1")
                events.restarted()
                return FeedPosition(epoch: now.epoch, position: now.position)
            },
            apply: { changes in
                for change in changes { events.apply(change.what) }
            })
    }

    /// Revoked sessions end within a second, also on live sockets, and what somebody no longer shows is seen no longer.
    private static func authFeed(
        of auth: ServiceClient, _ tokens: TokenVerifier, _ people: People, _ privacies: Privacies,
        _ presence: Presence, _ logger: Logger
    ) -> AuthFeed {
        let bye = ByeEvent(reason: .revoked, retryAfter: 0)
        return AuthFeed(
            auth: auth, tokens: tokens, logger: logger,
            onPrivacy: { change, position in
                if privacies.note(change, at: position) { presence.audienceChanged(of: change) }
            },
            onRevoked: { revoked in
                people.room(of: revoked.user)?.onEachClient { client in
                    if client.claims.session == revoked.session { client.close(saying: bye) }
                }
            },
            onRestart: {
                privacies.forget()
                people.everyone?.onEachClient { client in
                    if tokens.isRevoked(client.claims.session) { client.close(saying: bye) }
                }
            })
    }
}
