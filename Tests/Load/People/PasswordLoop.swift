import ArgumentParser
import CSodium
import Foundation

/// Argon2id at Auth's cost, and nothing else: what a machine can do.
enum PasswordLoop {
    /// As Auth's `PasswordHasher` has it.
    private static let passes: UInt64 = 2
    private static let memoryBytes = 19 * 1024 * 1024

    static func hash(_ password: String) -> String {
        var encoded = [CChar](repeating: 0, count: crypto_pwhash_strbytes())
        let bytes = password.utf8.map(CChar.init(bitPattern:))
        _ = sodium_init()
        _ = crypto_pwhash_str_alg(
            &encoded, bytes, UInt64(bytes.count), Self.passes, Self.memoryBytes, crypto_pwhash_alg_argon2id13())
        return String(decoding: encoded.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Checks one password again and again, on so many threads, for so long.
    ///
    /// - Returns: how many per second.
    static func run(threads: Int, seconds: Double) async -> Double {
        let hash = Self.hash(AuthLoads.password)
        let bytes = AuthLoads.password.utf8.map(CChar.init(bitPattern:))
        return await withTaskGroup(of: Double.self) { group in
            for _ in 0..<threads {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        Thread.detachNewThread {
                            let start = ContinuousClock.now
                            var count = 0.0
                            while start.duration(to: .now) < .seconds(seconds) {
                                if crypto_pwhash_str_verify(hash, bytes, UInt64(bytes.count)) == 0 { count += 1 }
                            }
                            continuation.resume(returning: count / (start.duration(to: .now) / .seconds(1)))
                        }
                    }
                }
            }
            var sum = 0.0
            for await rate in group { sum += rate }
            return sum
        }
    }

    /// The same in a process of its own, on the CPUs of the service.
    static func run(threads: Int, seconds: Double, cpus: String?) async throws -> Double {
        let child = try Child(
            "the bare loop", "/proc/self/exe".resolved,
            ["password-loop", "--threads", "\(threads)", "--seconds", "\(seconds)"], cpus: cpus)
        let line = try? await child.line(beginning: "hashes ")
        await child.end()
        guard let rate = line.flatMap({ Double($0) }) else { throw RunError("the bare loop did not end") }
        return rate
    }
}

/// What ``PasswordLoop`` starts.
struct PasswordLoopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "password-loop", shouldDisplay: false)
    @Option var threads = 1
    @Option var seconds = 3.0

    func validate() throws {
        guard (1...256).contains(self.threads), (0.1...600).contains(self.seconds) else {
            throw ValidationError("threads are 1 to 256, seconds 0.1 to 600")
        }
    }

    func run() async { print("hashes \(await PasswordLoop.run(threads: self.threads, seconds: self.seconds))") }
}
