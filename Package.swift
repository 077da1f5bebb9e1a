// swift-tools-version: 6.2
import PackageDescription

// Arrows only point downward: Services → ServiceKit, ChatAPI → Postgres, Redis, SocketIO → C libraries.
// No service imports another; what they say to each other is in ChatAPI.

/// Each dependency costs build time on a user's first run: add one only for what it is worth.
let dependencies: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: ["FullFoundation"]),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let jwt: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// What a service is made of.
let service: [Target.Dependency] = [
    "ServiceKit", "ChatAPI", hummingbird, httpTypes, nioCore, lifecycle, logging, metrics,
]
/// What the tests of a service are made of.
let serviceTests: [Target.Dependency] = [
    "TestServers", "ServiceKit", "ChatAPI", hummingbird, hummingbirdTesting, httpTypes, nioCore, logging,
]

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "Teahouse",
    platforms: [.macOS(.v15)],
    dependencies: dependencies,
    targets: [
        // C libraries
        .systemLibrary(name: "CLibpq", path: "Shared/CLibpq"),
        .systemLibrary(name: "CHiredis", path: "Shared/CHiredis"),
        .systemLibrary(name: "CSodium", path: "Shared/CSodium"),
        .systemLibrary(name: "CLinux", path: "Shared/CLinux"),

        // Shared
        .target(name: "IOThread", dependencies: ["CLinux"], path: "Shared/IOThread", swiftSettings: settings),
        .target(
            name: "Postgres", dependencies: ["CLibpq", "IOThread", crypto, lifecycle, logging, metrics],
            path: "Shared/Postgres", swiftSettings: settings),
        .target(
            name: "Redis", dependencies: ["CHiredis", "IOThread", lifecycle, logging, metrics],
            path: "Shared/Redis", swiftSettings: settings),
        .target(name: "SocketIO", dependencies: [nioCore], path: "Shared/SocketIO", swiftSettings: settings),
        .target(name: "ChatAPI", path: "Shared/ChatAPI", swiftSettings: settings),
        .target(
            name: "ServiceKit",
            dependencies: [
                "ChatAPI", "CSodium", hummingbird, hummingbirdCore, hummingbirdTLS, httpClient, lifecycle, signals,
                httpTypes, nioCore, nioPosix, nioHTTP1, nioHTTPTypes, nioSSL, logging, metrics, crypto,
            ],
            path: "Shared/ServiceKit", swiftSettings: settings),
        .target(
            name: "ServiceKitPostgres", dependencies: ["ServiceKit", "ChatAPI", "Postgres"],
            path: "Shared/ServiceKitPostgres",
            swiftSettings: settings),

        // Services
        .executableTarget(
            name: "Auth", dependencies: service + ["ServiceKitPostgres", "Postgres", "Redis", "CSodium", crypto],
            path: "Services/Auth", resources: [.embedInCode("Migrations"), .embedInCode("OpenAPI")],
            swiftSettings: settings),
        .executableTarget(
            name: "Social", dependencies: service + ["ServiceKitPostgres", "Postgres", "Redis"],
            path: "Services/Social", resources: [.embedInCode("Migrations"), .embedInCode("OpenAPI")],
            swiftSettings: settings),
        .executableTarget(
            name: "History", dependencies: service + ["ServiceKitPostgres", "Postgres", "Redis", crypto],
            path: "Services/History", resources: [.embedInCode("Migrations"), .embedInCode("OpenAPI")],
            swiftSettings: settings),
        .executableTarget(
            name: "Media",
            dependencies: service + [
                "ServiceKitPostgres", "Postgres", "Redis", crypto, nioPosix, nioHTTP1, httpClient,
            ],
            path: "Services/Media", resources: [.embedInCode("Migrations"), .embedInCode("OpenAPI")],
            swiftSettings: settings),
        .target(
            name: "Sockets", dependencies: ["SocketIO", nioCore, nioPosix, nioHTTP1, crypto, logging, metrics],
            path: "Services/Gateway/Sockets", swiftSettings: settings),
        .executableTarget(
            name: "Gateway", dependencies: service + ["Sockets", "SocketIO", "Redis", "IOThread", nioPosix, nioHTTP1],
            path: "Services/Gateway", exclude: ["Sockets"], swiftSettings: settings),

        // Tools
        .executableTarget(
            name: "teahousectl",
            dependencies: ["ChatAPI", "ServiceKit", httpClient, nioCore, nioHTTP1, nioSSL, argumentParser],
            path: "Tools/teahousectl", swiftSettings: settings),

        // Tests
        .target(
            name: "TestServers", dependencies: ["Postgres", "Redis", logging], path: "Tests/TestServers",
            swiftSettings: settings),
        .target(name: "LogSeed", dependencies: ["Postgres"], path: "Tests/LogSeed", swiftSettings: settings),
        .target(name: "PeopleSeed", dependencies: ["Postgres"], path: "Tests/PeopleSeed", swiftSettings: settings),
        .testTarget(
            name: "IOThreadTests", dependencies: ["IOThread"], path: "Tests/IOThreadTests", swiftSettings: settings),
        .testTarget(
            name: "PostgresTests", dependencies: ["Postgres", "TestServers", logging], path: "Tests/PostgresTests",
            swiftSettings: settings),
        .testTarget(
            name: "RedisTests", dependencies: ["Redis", "TestServers", logging], path: "Tests/RedisTests",
            swiftSettings: settings),
        .testTarget(
            name: "SocketIOTests", dependencies: ["SocketIO", nioCore], path: "Tests/SocketIOTests",
            swiftSettings: settings),
        .testTarget(
            name: "ChatAPITests", dependencies: ["ChatAPI"], path: "Tests/ChatAPITests", swiftSettings: settings),
        .testTarget(
            name: "ServiceKitTests",
            dependencies: [
                "ServiceKit", "ServiceKitPostgres", "Postgres", "TestServers", "ChatAPI", hummingbird,
                hummingbirdTesting, httpTypes, nioCore, nioPosix, nioEmbedded,
                nioHTTPTypes, lifecycle, logging, metrics, jwt, crypto,
            ],
            path: "Tests/ServiceKitTests", swiftSettings: settings),
        .executableTarget(
            name: "ProtocolServer", dependencies: ["Sockets", "SocketIO", nioCore, nioPosix, logging],
            path: "Tests/ProtocolServer", swiftSettings: settings),
        .testTarget(
            name: "SocketsTests",
            dependencies: ["Sockets", "SocketIO", "ProtocolServer", nioCore, nioPosix, nioEmbedded, nioHTTP1, logging],
            path: "Tests/SocketsTests", swiftSettings: settings),
        .testTarget(
            name: "AuthTests", dependencies: serviceTests + ["Auth", "PeopleSeed", "Postgres", "Redis", jwt, crypto],
            path: "Tests/AuthTests",
            swiftSettings: settings),
        .testTarget(
            name: "SocialTests", dependencies: serviceTests + ["Social", "PeopleSeed", "Postgres", "Redis"],
            path: "Tests/SocialTests", swiftSettings: settings),
        .testTarget(
            name: "HistoryTests", dependencies: serviceTests + ["History", "LogSeed", "Postgres", "Redis"],
            path: "Tests/HistoryTests", swiftSettings: settings),
        .testTarget(
            name: "MediaTests", dependencies: serviceTests + ["Media", "Postgres", "Redis", httpClient, crypto],
            path: "Tests/MediaTests", swiftSettings: settings),
        .testTarget(
            name: "GatewayTests", dependencies: serviceTests + ["Gateway", "Sockets", "SocketIO", "Redis", nioPosix],
            path: "Tests/GatewayTests", swiftSettings: settings),
        .executableTarget(
            name: "loadtest",
            dependencies: [
                "ChatAPI", "IOThread", "LogSeed", "PeopleSeed", "Postgres", "ServiceKit", "SocketIO", "Redis",
                "CSodium",
                hummingbird, httpClient, httpTypes,
                nioCore, nioPosix, nioHTTP1, lifecycle, logging, crypto, argumentParser,
            ],
            path: "Tests/Load", exclude: ["README.md", "tools"], swiftSettings: settings),
        .testTarget(
            name: "TeahousectlTests", dependencies: ["teahousectl", "ChatAPI", "ServiceKit", argumentParser],
            path: "Tests/TeahousectlTests", swiftSettings: settings),
        .testTarget(
            name: "LoadTests", dependencies: ["loadtest", "LogSeed", "PeopleSeed", "ChatAPI", nioCore, argumentParser],
            path: "Tests/LoadTests", swiftSettings: settings),
    ]
)
