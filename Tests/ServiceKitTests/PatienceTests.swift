import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import ServiceKit

@Suite struct PatienceTests {
    private let loop = EmbeddedEventLoop()
    private let channel: EmbeddedChannel

    init() throws {
        self.channel = EmbeddedChannel(handler: PatienceHandler(), loop: self.loop)
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 80)).wait()
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

    @Test func `a connection that asks nothing is closed after 15 seconds`() throws {
        self.loop.advanceTime(by: .seconds(14))
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

    @Test func `H05: a body that comes a byte a second is not waited for`() throws {
        try self.head()
        for _ in 0..<15 {
            try self.body(1)
            self.loop.advanceTime(by: .seconds(1))
        }
        #expect(!self.channel.isActive)
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
        self.loop.advanceTime(by: .seconds(59))
        #expect(self.channel.isActive)
        self.loop.advanceTime(by: .seconds(3))
        #expect(!self.channel.isActive)
    }
}
