import ServiceKit

/// The keys that sign tokens, the first of which signs the new ones.
///
/// Rotation: add the new key at the end and restart every instance, so that all services know it; then move it to the
/// front; when the last token of the old one has expired, take that out.
struct SigningKeys: Sendable {
    /// Why the text is not a list of keys; never with a part of a key.
    struct Malformed: Error {
        let reason: String
    }

    /// Signs new tokens.
    let signer: TokenSigner
    /// The public halves of all, a JSON Web Key Set (RFC 7517, RFC 8037): one text whatever the order of the keys.
    let jwks: String

    /// - Parameter text: `kid:base64url(32-byte seed)[,…]`; a kid is 1 to 64 of `[A-Za-z0-9_-]`.
    init(parsing text: String) throws(Malformed) {
        var signers: [TokenSigner] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let signer = try Self.signer(part)
            guard !signers.contains(where: { $0.kid == signer.kid }) else {
                throw Malformed(reason: "names the key \(signer.kid) twice")
            }
            signers.append(signer)
        }
        let keys = JSONWebKeySet(keys: signers.map(\.publicKey).sorted { $0.kid < $1.kid })
        guard let first = signers.first, let jwks = try? keys.text else { throw Malformed(reason: "holds no key") }
        self.signer = first
        self.jwks = jwks
    }

    private static func signer(_ text: Substring) throws(Malformed) -> TokenSigner {
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, Self.isKeyID(halves[0]) else {
            throw Malformed(reason: "is written as kid:seed, with commas between several")
        }
        guard let seed = Base64URL.decode(halves[1]), seed.count == 32,
            let signer = try? TokenSigner(kid: String(halves[0]), seed: seed)
        else { throw Malformed(reason: "has for \(halves[0]) a seed that is not 32 bytes in base64url") }
        return signer
    }

    private static func isKeyID(_ text: Substring) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
