import ArgumentParser
import ChatAPI
import Testing

@testable import loadtest

struct FaultTests {
    private static let usual = FaultOptions(faults: Fault.allCases, outage: .seconds(2), patience: .seconds(60))

    /// A run in which everything went well, for the judge.
    private func results(_ faults: [FaultResult] = [FaultResult(.kill)]) -> RunResults {
        var results = RunResults(
            run: "faults", loadAverageBefore: 0, connections: 2, chatrooms: 1, gateways: 2, workers: 1, rate: 1,
            seconds: 1)
        results.faults = faults
        results.counts.sent = 10
        results.counts.acknowledged = 10
        results.stored = 10
        return results
    }

    private func failures(_ options: [String] = [], _ change: (inout RunResults) -> Void) throws -> [String] {
        var results = self.results()
        change(&results)
        results.judge(try RunOptions.parse(["--start"] + options))
        return results.failures
    }

    @Test func `only what the run has started is broken`() throws {
        try Self.usual.validate(try RunOptions.parse(["--start", "--gateways", "2"]))
        #expect(throws: ValidationError.self) { try Self.usual.validate(try RunOptions.parse(["--start"])) }
        let others = ["--target", "127.0.0.1:1", "--gateways", "2"]
        #expect(throws: ValidationError.self) { try Self.usual.validate(try RunOptions.parse(others)) }
    }

    @Test func `who has lost a Gateway finds another`() {
        let targets = (1...3).map { Target(host: "127.0.0.1", port: $0) }
        let plan = WorkerPlan(
            secret: "", targets: targets, first: 0, count: 30, chatrooms: 10, sources: 0, connectionsPerSecond: 0,
            messageBytes: 60, index: 0, workers: 1, tokenLife: 60)
        // The three members of chatroom 5, and one of them over its attempts.
        #expect(Set([5, 15, 25].map { plan.target(of: $0, attempt: 1) }).count == 3)
        #expect(Set((1...3).map { plan.target(of: 5, attempt: $0) }).count == 3)
    }

    @Test func `nothing amiss is no failure`() throws {
        #expect(try self.failures { _ in }.isEmpty)
    }

    @Test func `whoever is away and whatever is missing fails the run`() throws {
        for what in [\.away, \.pending, \.lost] as [WritableKeyPath<FaultResult, Int>] {
            let failures = try self.failures { $0.faults[0][keyPath: what] = 1 }
            #expect(failures.count == 1 && failures[0].hasPrefix("kill: "))
        }
    }

    @Test func `a repeated message that is stored twice fails the run`() throws {
        #expect(try self.failures { $0.stored = 11 } == ["the logs hold 11 messages of 10 sent"])
    }

    @Test func `to be told to read in pages fails the run`() throws {
        #expect(try self.failures { $0.counts.behind = 1 }.count == 1)
    }

    @Test func `a run in which nobody spoke proves nothing`() throws {
        let failures = try self.failures {
            $0.counts.sent = 0
            $0.stored = 0
        }
        #expect(failures == ["nothing was sent"])
    }

    @Test func `calls above the threshold fail a run, and calls nobody counted`() throws {
        #expect(try self.failures(["--max-calls", "5"]) { $0.stub = ["a": .init(calls: 5, items: 900)] }.isEmpty)
        #expect(try self.failures(["--max-calls", "4"]) { $0.stub = ["a": .init(calls: 5, items: 9)] }.count == 1)
        #expect(try self.failures(["--max-calls", "4"]) { $0.stub = [:] }.count == 1)
    }

    @Test func `memory is compared with what the first round left`() throws {
        func grown(_ after: [Int]) throws -> [String] {
            try self.failures(["--max-growth", "10"]) { results in
                results.rounds = after.map {
                    .init(
                        seconds: 1, gatewayCPUSeconds: 1, gatewayMemoryBytes: 1_000, gatewayMemoryBytesAfter: $0,
                        repeatedSYNs: 0)
                }
            }
        }
        #expect(try grown([100, 110, 105]).isEmpty)
        #expect(try grown([100, 111, 105]).count == 1)
        #expect(try grown([100]).count == 1)
        #expect(try grown([0, 0]).count == 1)
    }

    @Test func `friends are friends of each other`() throws {
        let chatroom = ChatroomID(4)
        for number in 0..<10 {
            let user = Crowd.user(number, in: chatroom)
            let friend = Crowd.friend(of: user)
            #expect(friend != user && Crowd.friend(of: friend) == user && Crowd.chatroom(of: friend) == chatroom)
        }
        #expect(Crowd.friend(of: Crowd.user(0, in: chatroom)) == Crowd.user(1, in: chatroom))
    }
}
