import Crypto

/// One step of a schema's history: SQL that runs once, in a transaction of its own, and is never edited afterwards.
package struct Migration: Sendable {
    /// Stable, unique in its schema: `m001_users`.
    package let name: String
    /// Any number of commands.
    package let text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// As SwiftPM embeds a file: `Migration(name: "m001_users", sql: PackageResources.m001_users_sql)`.
    package init(name: String, sql: [UInt8]) { self.init(name: name, text: String(decoding: sql, as: UTF8.self)) }

    /// SHA-256 of the text, in hexadecimal.
    var checksum: String {
        SHA256.hash(data: Array(self.text.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
