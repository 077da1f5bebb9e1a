import ArgumentParser
import PeopleSeed
import Testing

@testable import loadtest

struct PeopleOptionsTests {
    @Test(arguments: [
        ["auth", "login"], ["auth", "login", "--start", "--target", "127.0.0.1:1", "--internal", "127.0.0.1:2"],
        ["social", "friends", "--target", "127.0.0.1:1"],
        ["social", "friends", "--target", "192.0.2.1:1", "--internal", "192.0.2.1:2"],
        ["auth", "login", "--start", "--service-env", "NOTHING"],
        ["social", "memberships", "--start", "--batch", "1001"],
        ["social", "groups", "--start", "--friends-each", "7"], ["auth", "check", "--tokens", "0"],
    ]) func `what cannot be run is refused before anything is started`(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try LoadTest.parseAsRoot(arguments) }
    }

    @Test(arguments: [
        ["auth", "login", "--start", "--min-hash-share", "0.9"], ["auth", "seed", "--database", "postgresql://x"],
        ["social", "memberships", "--start", "--batch", "500", "--max-asked", "200"],
        ["social", "friends", "--target", "127.0.0.1:1", "--internal", "127.0.0.1:2", "--popular-only"],
    ]) func `what can be run is understood`(_ arguments: [String]) throws { _ = try LoadTest.parseAsRoot(arguments) }

    @Test func `what was found is judged by what was asked for`() throws {
        var options = try PeopleOptions.parse(["--start", "--max-asked", "3"])
        options.maxErrors = 0
        var results = PeopleResults(run: "login", rate: 0)
        results.done = 10
        results.perSecond = 80
        results.bareHashesPerSecond = 100
        results.asked = ["postgres": 4]
        results.judge(options, minHashShare: 0.9)
        #expect(results.failures.count == 2)
        #expect(results.failures.contains { $0.contains("asked 4 times") })
        #expect(results.failures.contains { $0.contains("0.8") })
    }
}
