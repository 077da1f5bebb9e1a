import Crypto
import Foundation
import ServiceKit

/// `Upload-Checksum` of tus: the name of an algorithm, and the checksum of the request's body in Base64.
struct UploadChecksum: Sendable {
    static let algorithms = ["sha1", "sha256"]

    private enum State: Sendable {
        case sha1(Insecure.SHA1)
        case sha256(SHA256)
    }

    private var state: State
    private let wanted: [UInt8]

    init(_ header: String) throws(RequestError) {
        let parts = header.split(separator: " ")
        guard parts.count == 2, let wanted = Data(base64Encoded: String(parts[1])) else {
            throw .invalid("Upload-Checksum", "is not an algorithm and Base64")
        }
        switch parts[0] {
        case "sha1": self.state = .sha1(Insecure.SHA1())
        case "sha256": self.state = .sha256(SHA256())
        default: throw .invalid("Upload-Checksum", "is of another algorithm than sha1 and sha256")
        }
        self.wanted = Array(wanted)
    }

    mutating func update(_ bytes: [UInt8]) {
        switch self.state {
        case .sha1(var hash):
            hash.update(data: bytes)
            self.state = .sha1(hash)
        case .sha256(var hash):
            hash.update(data: bytes)
            self.state = .sha256(hash)
        }
    }

    var matches: Bool {
        switch self.state {
        case .sha1(let hash): Array(hash.finalize()) == self.wanted
        case .sha256(let hash): Array(hash.finalize()) == self.wanted
        }
    }
}
