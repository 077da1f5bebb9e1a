// A client of Teahouse in Swift with nothing but Foundation: Socket.IO over long polling, which needs no library.
//
//   swiftc -parse-as-library client.swift -o client
//   ./client http://127.0.0.1:8080 USERNAME PASSWORD 7 hello
//
// It says hello in chatroom 7, waits until it hears itself, prints that and ends. A real one keeps `cursors` and `epoch` on
// its disk and gives them in CONNECT, as the others here do, and opens a WebSocket.

import Foundation
#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

struct Failure: Error, CustomStringConvertible {
    let description: String
}

struct Client {
    let origin: String
    var token = ""
    private var session = ""

    init(origin: String) { self.origin = origin }

    mutating func signIn(_ username: String, _ password: String) async throws {
        let body = try JSONSerialization.data(withJSONObject: ["username": username, "password": password])
        let answer = try await Self.call("POST", "\(self.origin)/api/auth/login", body, type: "application/json")
        guard let told = try JSONSerialization.jsonObject(with: answer) as? [String: Any],
            let token = told["token"] as? String
        else { throw Failure(description: String(decoding: answer, as: UTF8.self)) }
        self.token = token
    }

    /// Engine.IO's handshake, then Socket.IO's CONNECT; returns when the server says `ready`.
    mutating func open() async throws {
        guard case let packets = try await self.poll(), let open = packets.first, open.hasPrefix("0"),
            let told = try JSONSerialization.jsonObject(with: Data(open.dropFirst().utf8)) as? [String: Any],
            let sid = told["sid"] as? String
        else { throw Failure(description: "no handshake") }
        self.session = "&sid=\(sid)"
        let auth = try JSONSerialization.data(withJSONObject: ["token": self.token])
        try await self.send("40" + String(decoding: auth, as: UTF8.self))
        _ = try await self.event("ready")
    }

    /// The receipt, `{id, seq, createdAt}`. One who gets none sends again, with the same `clientId`.
    func say(_ text: String, in chatroom: Int) async throws {
        let event: [Any] = [
            "sendMessage",
            [
                "chatroomId": chatroom, "clientId": UUID().uuidString.lowercased(),
                "message": ["type": "text", "content": text],
            ],
        ]
        // An event (2) in a message (4), whose acknowledgement is to bear the number 1.
        try await self.send("421" + String(decoding: try JSONSerialization.data(withJSONObject: event), as: UTF8.self))
    }

    /// What the next event of this name says.
    func event(_ name: String) async throws -> [String: Any] {
        while true {
            for packet in try await self.poll() {
                if packet == "2" { try await self.send("3") }
                if packet.hasPrefix("44") { throw Failure(description: String(packet.dropFirst(2))) }
                guard packet.hasPrefix("42"),
                    let event = try JSONSerialization.jsonObject(with: Data(packet.dropFirst(2).utf8)) as? [Any],
                    event.first as? String == name, let payload = event.last as? [String: Any]
                else { continue }
                return payload
            }
        }
    }

    /// Packets that are there, or come: U+001E stands between them.
    private func poll() async throws -> [String] {
        let answer = try await Self.call("GET", self.url, nil, type: nil)
        return String(decoding: answer, as: UTF8.self).split(separator: "\u{1E}").map(String.init)
    }

    private func send(_ packet: String) async throws {
        _ = try await Self.call("POST", self.url, Data(packet.utf8), type: "text/plain;charset=UTF-8")
    }

    private var url: String { "\(self.origin)/socket.io/?EIO=4&transport=polling\(self.session)" }

    private static func call(_ method: String, _ address: String, _ body: Data?, type: String?) async throws -> Data {
        guard let url = URL(string: address) else { throw Failure(description: "\(address) is no URL") }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.httpBody = body
        if let type { request.setValue(type, forHTTPHeaderField: "content-type") }
        let (data, answer) = try await URLSession.shared.data(for: request)
        guard let status = (answer as? HTTPURLResponse)?.statusCode, status == 200 else {
            throw Failure(description: String(decoding: data, as: UTF8.self))
        }
        return data
    }
}

@main struct Example {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 5, let chatroom = Int(arguments[4]) else {
            throw Failure(description: "client ORIGIN USERNAME PASSWORD CHATROOM TEXT")
        }
        var client = Client(origin: arguments[1])
        try await client.signIn(arguments[2], arguments[3])
        try await client.open()
        try await client.say(arguments[5], in: chatroom)
        let message = try await client.event("message")
        print("\(message["id"] ?? "?"): \(message["content"] ?? "?")")
    }
}
