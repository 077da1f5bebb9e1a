import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import ServiceKit

@Suite struct TransferCodingTests {
    private static func head(_ coding: String?) -> HTTPRequestPart {
        var fields = HTTPFields()
        fields[.transferEncoding] = coding
        return .head(
            HTTPRequest(method: .post, scheme: "http", authority: "x", path: "/", headerFields: fields))
    }

    @Test(arguments: ["xchunked", "identity", "gzip, chunked", "chunked, identity", ""])
    func `behind a request whose end nobody knows nothing is heard`(_ coding: String) throws {
        let channel = EmbeddedChannel(handler: TransferCodingHandler())
        try channel.writeInbound(Self.head(coding))
        try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "0")))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        try channel.writeInbound(Self.head(nil))
        guard case .head(let head)? = try channel.readInbound(as: HTTPRequestPart.self) else {
            Issue.record("the head is not handed on")
            return
        }
        #expect(head.headerFields[.connection] == "close")
        #expect(try channel.readInbound(as: HTTPRequestPart.self) == .end(nil))
        #expect(try channel.readInbound(as: HTTPRequestPart.self) == nil)
    }

    @Test(arguments: [nil, "chunked", "Chunked"])
    func `others go on`(_ coding: String?) throws {
        let channel = EmbeddedChannel(handler: TransferCodingHandler())
        for part in [Self.head(coding), .end(nil), Self.head(coding)] {
            try channel.writeInbound(part)
            #expect(try channel.readInbound(as: HTTPRequestPart.self) == part)
        }
    }

    @Test func `it is answered with 400`() async throws {
        let application = ServiceApplication(
            CommonConfiguration(testing: .social), tokens: try TestTokens().verifier, metrics: PrometheusMetrics(),
            logger: quiet)
        try await application.publicListener.test(.router) { client in
            let answer = try await client.execute(
                uri: "/api/social/x", method: .post, headers: [.transferEncoding: "xchunked"])
            #expect(answer.status == .badRequest)
        }
    }
}
