internal import CSodium
import Synchronization

/// Argon2id through libsodium, on threads of its own.
///
/// A hash is kept in libsodium's own encoding, which names algorithm and cost (`$argon2id$v=19$m=19456,t=2,p=1$…`), so
/// hashes of several costs are checked side by side.
final class PasswordHasher: Sendable {
    /// What one guess costs. The default is OWASP's first choice and takes about 25 ms.
    struct Cost: Sendable {
        var passes: UInt64 = 2
        var memoryBytes = 19 * 1024 * 1024
    }

    /// libsodium could not be initialized, or there was no memory for a hash.
    struct Failure: Error {
        let code = "password_hashing_failed"
    }

    private let cost: Cost
    private let threads: WorkerThreads
    /// The hash of nothing that anybody knows, for the sign-in of a user who does not exist.
    private let decoy: String

    /// - Parameter capacity: how many may wait for a thread; one more is refused.
    init(cost: Cost = Cost(), threads: Int = 2, capacity: Int = 100) throws {
        // 0: done now; 1: done before.
        guard sodium_init() >= 0 else { throw Failure() }
        self.cost = cost
        self.threads = WorkerThreads(count: threads, capacity: capacity, name: "passwords")
        var secret = [CChar](repeating: 0, count: 32)
        randombytes_buf(&secret, secret.count)
        guard let decoy = Self.hash(secret, cost: cost) else { throw Failure() }
        self.decoy = decoy
    }

    /// A new hash, with a salt of its own.
    ///
    /// - Throws: ``WorkerThreads/QueueFull``, ``Failure``.
    func hash(_ password: Password) async throws -> String {
        let bytes = Self.bytes(of: password)
        let cost = self.cost
        guard let hash = try await self.threads.run({ Self.hash(bytes, cost: cost) }) else { throw Failure() }
        return hash
    }

    /// Whether this is the password. Without a hash it is not, and finding that out takes just as long.
    ///
    /// - Throws: ``WorkerThreads/QueueFull``.
    func verify(_ password: Password, against hash: String?) async throws -> Bool {
        let bytes = Self.bytes(of: password)
        let known = hash ?? self.decoy
        let isRight = try await self.threads.run { Self.verify(bytes, against: known) }
        return isRight && hash != nil
    }

    /// Whether the hash was made at another cost than today's.
    func needsRehash(_ hash: String) -> Bool {
        crypto_pwhash_str_needs_rehash(hash, self.cost.passes, self.cost.memoryBytes) != 0
    }

    private static func bytes(of password: Password) -> [CChar] { password.text.utf8.map(CChar.init(bitPattern:)) }

    private static func hash(_ password: [CChar], cost: Cost) -> String? {
        var encoded = [CChar](repeating: 0, count: crypto_pwhash_strbytes())
        let result = crypto_pwhash_str_alg(
            &encoded, password, UInt64(password.count), cost.passes, cost.memoryBytes, crypto_pwhash_alg_argon2id13())
        guard result == 0 else { return nil }
        return String(decoding: encoded.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func verify(_ password: [CChar], against hash: String) -> Bool {
        crypto_pwhash_str_verify(hash, password, UInt64(password.count)) == 0
    }
}
