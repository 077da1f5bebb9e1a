import ArgumentParser
import Testing

@testable import loadtest

struct TargetTests {
    @Test(arguments: ["127.0.0.1:80", "127.9.8.7:80", "http://localhost:80/", "[::1]:80"])
    func `this machine is a target`(text: String) throws {
        #expect(try #require(Target(argument: text)).isLoopback)
    }

    @Test(arguments: [
        "10.0.0.1:80", "chat.example:80", "127.example:80", "127.0.0.1.example:80", "0.0.0.0:80",
        "localhost.example:80",
        "127.0.0.256:80", "128.0.0.1:80", "127.1:80",
    ])
    func `any other host is not`(text: String) throws {
        #expect(try !#require(Target(argument: text)).isLoopback)
    }

    @Test(arguments: ["", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", ":80", "a@127.0.0.1:80", "127.0.0.1/x:80"])
    func `what is no address is refused`(text: String) { #expect(Target(argument: text) == nil) }

    @Test func `a run at another host must be allowed by name`() throws {
        #expect(throws: (any Error).self) { try RunOptions.parse(["--target", "10.0.0.1:80"]) }
        #expect(throws: (any Error).self) {
            try RunOptions.parse(["--target", "10.0.0.1:80", "--allow-remote", "10.0.0.2"])
        }
        #expect(throws: Never.self) {
            try RunOptions.parse(["--target", "10.0.0.1:80", "--allow-remote", "10.0.0.1"])
        }
    }
}
