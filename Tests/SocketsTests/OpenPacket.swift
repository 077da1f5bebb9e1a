import Foundation
import Testing

/// The packet a session begins with, read as a client does.
struct OpenPacket: Decodable {
    var sid: String?
    var upgrades: [String]
    var pingInterval: Int
    var pingTimeout: Int
    var maxPayload: Int
    /// As the suites check: these and no other.
    var keys: Set<String> = []

    private enum CodingKeys: String, CodingKey { case sid, upgrades, pingInterval, pingTimeout, maxPayload }

    init(_ text: String) throws {
        try #require(text.hasPrefix("0"))
        let json = Data(text.dropFirst().utf8)
        self = try JSONDecoder().decode(OpenPacket.self, from: json)
        let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        self.keys = Set(object.keys)
    }
}
