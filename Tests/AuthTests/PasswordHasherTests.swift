import Dispatch
import Synchronization
import Testing

@testable import Auth

/// Cheap hashes: what they cost is not what is tested.
private let cheap = PasswordHasher.Cost(passes: 1, memoryBytes: 64 * 1024)

struct PasswordHasherTests {
    @Test func `a hash says that it is Argon2id with two passes over 19 MiB, and fits its password only`() async throws
    {
        let hasher = try PasswordHasher()
        let hash = try await hasher.hash(Password("open sesame"))
        #expect(hash.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(try await hasher.verify(Password("open sesame"), against: hash))
        #expect(try await !hasher.verify(Password("open sesamE"), against: hash))
        #expect(!hasher.needsRehash(hash))
    }

    @Test func `one password has another hash each time`() async throws {
        let hasher = try PasswordHasher(cost: cheap)
        let first = try await hasher.hash(Password("open sesame"))
        #expect(try await hasher.hash(Password("open sesame")) != first)
    }

    @Test func `without a hash no password is right, and a hash of another cost is still good`() async throws {
        let hasher = try PasswordHasher(cost: cheap)
        #expect(try await !hasher.verify(Password("open sesame"), against: nil))
        let older = try await PasswordHasher(cost: .init(passes: 2, memoryBytes: 32 * 1024)).hash(
            Password("open sesame"))
        #expect(try await hasher.verify(Password("open sesame"), against: older))
        #expect(hasher.needsRehash(older))
    }

    @Test func `what is no hash fits no password and is to be replaced`() async throws {
        let hasher = try PasswordHasher(cost: cheap)
        #expect(try await !hasher.verify(Password("x"), against: "x"))
        #expect(hasher.needsRehash("x"))
    }

    @Test func `more than may wait is refused at once, and the rest is done`() async throws {
        let threads = WorkerThreads(count: 1, capacity: 2, name: "test")
        let gate = DispatchSemaphore(value: 0)
        let done = Log()
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let (refusals, refusal) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await threads.run {
                    start.finish()
                    gate.wait()
                    done.add(0)
                }
            }
            for await _ in started {}
            // The one thread is held: two wait, the third is refused.
            for number in 1...3 {
                group.addTask {
                    do {
                        try await threads.run { done.add(number) }
                    } catch is WorkerThreads.QueueFull {
                        refusal.finish()
                    }
                }
            }
            for await _ in refusals {}
            gate.signal()
            try await group.waitForAll()
        }
        #expect(done.all.count == 3)
        #expect(done.all.first == 0)
    }

    private final class Log: Sendable {
        private let numbers = Mutex<[Int]>([])
        var all: [Int] { self.numbers.withLock { $0 } }
        func add(_ number: Int) { self.numbers.withLock { $0.append(number) } }
    }
}
