import ChatAPI
import Crypto
import Foundation
import Postgres

/// A privacy as it is kept.
struct PrivacyRecord: Hashable, Sendable {
    var privacy = Privacy.usual
    /// Counts the friend codes that the user has had.
    var codeVersion = 1
}

/// What a user changes of their privacy: what is not given stays.
struct PrivacyChange: Decodable, Sendable {
    var requests: Privacy.Requests?
    var presence: Privacy.Audience?
    var receipts: Bool?
    var typing: Bool?

    func applied(to privacy: Privacy) -> Privacy {
        Privacy(
            requests: self.requests ?? privacy.requests, presence: self.presence ?? privacy.presence,
            receipts: self.receipts ?? privacy.receipts, typing: self.typing ?? privacy.typing)
    }
}

/// Codes by which somebody who takes requests from nobody else can be asked. They are not kept: each follows from the user,
/// how many they have had, and a key.
struct FriendCodes: Sendable {
    let key: SymmetricKey

    /// 60 bits, in three groups that can be read out: `ABCD-EFGH-IJKL`.
    func code(of user: UserID, version: Int) -> String {
        let hash = HMAC<SHA256>.authenticationCode(for: Data("\(user)\n\(version)".utf8), using: self.key)
        let text = Array(Base32.encode(Data(hash)).prefix(12))
        return stride(from: 0, to: text.count, by: 4).map { String(text[$0..<$0 + 4]) }.joined(separator: "-")
    }

    /// Whether that is the code, however it was typed; in a time that does not depend on where it differs.
    func isRight(_ code: String, of user: UserID, version: Int) -> Bool {
        let right = self.code(of: user, version: version).utf8.filter { $0 != UInt8(ascii: "-") }
        let typed = code.uppercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }
        return right.count == typed.count && zip(right, typed).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension Privacy.Requests: PostgresNewtype {}
extension Privacy.Audience: PostgresNewtype {}

extension Privacy: PostgresRowDecodable {
    package init(row: PostgresRow) throws(PostgresError) {
        self.init(
            requests: try row.get("requests"), presence: try row.get("presence"), receipts: try row.get("receipts"),
            typing: try row.get("typing"))
    }
}

extension PrivacyRecord: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.init(privacy: try Privacy(row: row), codeVersion: try row.get("code_version"))
    }
}
