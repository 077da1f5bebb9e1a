import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import ServiceKit

@Suite struct PatienceTests {
    private let loop = EmbeddedEventLoop()
    private let channel: EmbeddedChannel

    init() throws { try self.init(from: "192.0.2.1") }

    private init(from address: String) throws {
        let proxies = try #require(TrustedProxies(["10.0.0.0/8"]))
        self.channel = EmbeddedChannel(handler: PatienceHandler(limit: .seconds(10), proxies: proxies), loop: self.loop)
        try self.channel.connect(to: SocketAddress(ipAddress: address, port: 80)).wait()
    }

    private func head() throws {
        try self.channel.writeInbound(
            HTTPRequestPart.head(HTTPRequest(method: .post, scheme: "http", authority: "x", path: "/")))
    }

    private func body(_ bytes: Int) throws {
        if self.channel.isActive { self.channel.read() }
        try self.channel.writeInbound(HTTPRequestPart.body(ByteBuffer(repeating: 1, count: bytes)))
        if self.channel.isActive { self.channel.read() }
    }

    private func answer() throws {
        try self.channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        try self.channel.writeOutbound(HTTPResponsePart.end(nil))
    }

    @Test func `a connection that asks nothing is closed after 10 seconds`() throws {
        self.loop.advanceTime(by: .seconds(9))
        #expect(self.channel.isActive)
        self.loop.advanceTime(by: .seconds(3))
        #expect(!self.channel.isActive)
    }

    @Test func `one that has asked is left alone while it is answered, and afterwards`() throws {
        try self.head()
        try self.channel.writeInbound(HTTPRequestPart.end(nil))
        self.loop.advanceTime(by: .seconds(60))
        try self.answer()
        self.loop.advanceTime(by: .seconds(3_600))
        #expect(self.channel.isActive)
    }

    /// Bytes of a head: the decoder makes nothing of them yet.
    private func bytes() { self.channel.pipeline.fireChannelReadComplete() }

    @Test func `H05: a head that comes a byte a second is not waited for, be it the first or a later one`() throws {
        for _ in 0..<15 where self.channel.isActive {
            self.bytes()
            self.loop.advanceTime(by: .seconds(1))
        }
        #expect(!self.channel.isActive)

        let other = try PatienceTests()
        try other.head()
        try other.channel.writeInbound(HTTPRequestPart.end(nil))
        try other.answer()
        other.loop.advanceTime(by: .seconds(60))
        for second in 0..<15 where other.channel.isActive {
            other.bytes()
            other.loop.advanceTime(by: .seconds(1))
            if second < 9 { #expect(other.channel.isActive) }
        }
        #expect(!other.channel.isActive)
    }

    @Test func `bytes sent ahead while an answer is made are no slow head`() throws {
        try self.head()
        try self.channel.writeInbound(HTTPRequestPart.end(nil))
        for _ in 0..<60 {
            self.bytes()
            self.loop.advanceTime(by: .seconds(1))
        }
        #expect(self.channel.isActive)
    }

    @Test func `H05: a body that comes a byte a second is not waited for`() throws {
        try self.head()
        for _ in 0..<15 {
            try self.body(1)
            self.loop.advanceTime(by: .seconds(1))
        }
        #expect(!self.channel.isActive)
        guard case .head(let head) = try self.channel.readOutbound(as: HTTPResponsePart.self) else {
            Issue.record("closed without an answer")
            return
        }
        #expect(head.status == .requestTimeout)
        #expect(head.headerFields[.connection] == "close")
    }

    @Test func `a body that comes at a fair pace may take its time`() throws {
        try self.head()
        for _ in 0..<600 {
            try self.body(2_048)
            self.loop.advanceTime(by: .seconds(1))
        }
        #expect(self.channel.isActive)
    }

    @Test func `a client is not blamed for a body that we do not read`() throws {
        try self.head()
        self.loop.advanceTime(by: .seconds(120))
        #expect(self.channel.isActive)
    }

    @Test func `M03: a body without end is not read on after its answer, neither long nor much`() throws {
        try self.head()
        try self.answer()
        try self.body(1_000_000)
        #expect(self.channel.isActive)
        try self.body(100_000)
        #expect(!self.channel.isActive)

        let other = try PatienceTests()
        try other.head()
        try other.answer()
        other.loop.advanceTime(by: .seconds(4))
        #expect(other.channel.isActive)
        other.loop.advanceTime(by: .seconds(3))
        #expect(!other.channel.isActive)
    }

    @Test func `a body that ends after its answer leaves the connection as it was`() throws {
        try self.head()
        try self.answer()
        try self.body(1_000)
        try self.channel.writeInbound(HTTPRequestPart.end(nil))
        self.loop.advanceTime(by: .seconds(60))
        #expect(self.channel.isActive)
    }

    @Test func `an answer that is not taken ends the connection`() throws {
        try self.head()
        try self.channel.writeInbound(HTTPRequestPart.end(nil))
        self.channel.isWritable = false
        self.channel.pipeline.fireChannelWritabilityChanged()
        self.loop.advanceTime(by: .seconds(9))
        #expect(self.channel.isActive)
        self.loop.advanceTime(by: .seconds(3))
        #expect(!self.channel.isActive)
    }

    @Test func `how slowly an answer is taken behind a proxy is for the proxy to judge`() throws {
        let proxied = try PatienceTests(from: "10.1.2.3")
        try proxied.head()
        try proxied.channel.writeInbound(HTTPRequestPart.end(nil))
        proxied.channel.isWritable = false
        proxied.channel.pipeline.fireChannelWritabilityChanged()
        proxied.loop.advanceTime(by: .seconds(600))
        #expect(proxied.channel.isActive)
    }
}
