import ChatAPI
import Foundation
import Testing

@Suite struct BusEntryTests {
    @Test(
        arguments: [
            (#"5 ["message",{"seq":5}]"#, 5, nil), (#"6 +17 ["change",{}]"#, 6, .enters(UserID(17))),
            (#"7 -17 ["change",{}]"#, 7, .leaves(UserID(17))), (#"0 ["typing",{"userId":3}]"#, 0, nil),
        ] as [(String, Seq, BusEntry.Passage?)])
    func `an entry keeps its event as it is`(text: String, seq: Seq, passage: BusEntry.Passage?) throws {
        let entry = try #require(BusEntry(text))
        #expect(entry.seq == seq)
        #expect(entry.passage == passage)
        #expect(entry.event.hasPrefix("[\"") && entry.event.hasSuffix("]"))
        #expect(entry.text == text)
    }

    @Test(arguments: [
        "", " ", "5", "5 ", "5 {}", "x []", "-5 []", "+5 []", "5 +17", "5 +17 ", "5 +0 []", "5 +x []", "5 ~17 []",
        "5  []", "٥ []",
        "99999999999999999999 []", "5 [", "5 +17[]",
    ]) func `what is not an entry is none`(text: String) { #expect(BusEntry(text) == nil) }

    @Test func `an event with spaces and signs in it is not mistaken for a passage`() throws {
        let text = #"9 ["message",{"content":"+17 -17 ] ["}]"#
        #expect(try #require(BusEntry(text)).text == text)
    }

    @Test func `random changes never end the process`() {
        let sample = Array(#"65 -17 ["change",{"seq":65}]"#.utf8)
        for _ in 0..<5_000 {
            var bytes = sample
            for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255) }
            if let entry = BusEntry(String(decoding: bytes, as: UTF8.self)) { #expect(BusEntry(entry.text) == entry) }
        }
    }
}

@Suite struct ContractTests {
    private func fields(_ value: some Encodable) throws -> Set<String> {
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value)) as? [String: Any]
        return Set(try #require(object).keys)
    }

    @Test func `a message has the fields of the contract, and none for what is not there`() throws {
        let sender = Sender(Profile(id: UserID(7), username: "ann", nickname: "Ann"))
        let message = Message(
            id: MessageID(chatroom: ChatroomID(17), seq: 4), ordinal: 2, type: .text, content: "hi", sender: sender,
            clientId: UUID(), createdAt: Timestamp(milliseconds: 0))
        #expect(
            try self.fields(message) == [
                "id", "chatroomId", "seq", "ordinal", "type", "content", "sender", "clientId", "createdAt",
            ])
        #expect(try JSONDecoder().decode(Message.self, from: JSONEncoder().encode(message)) == message)
    }

    @Test func `a refusal has fields only where there are some`() throws {
        #expect(try self.fields(ErrorBody(code: "forbidden", message: "No.")) == ["code", "message"])
        #expect(try self.fields(ErrorBody(code: "a", message: "b", fields: ["x": "y"], retryAfter: 3)).count == 4)
    }

    @Test func `unknown fields are ignored, wrong types refused`() throws {
        let good = #"{"type":"text","content":"hi","colour":"red"}"#
        #expect(try JSONDecoder().decode(MessageBody.self, from: Data(good.utf8)).content == "hi")
        for bad in [#"{"type":"shout","content":"hi"}"#, #"{"type":"text","content":1}"#, #"{"type":"text"}"#] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(MessageBody.self, from: Data(bad.utf8)) }
        }
    }

    @Test func `every change of a feed is read as it was written`() throws {
        let until = Timestamp(milliseconds: 5)
        let auth: [AuthChange] = [
            .sessionRevoked(RevokedSession(session: UUID(), user: UserID(7), until: until)), .keys(jwks: "{}"),
            .profile(Profile(id: UserID(7), username: "ann", nickname: "Ann", avatar: "/a")),
        ]
        #expect(try JSONDecoder().decode([AuthChange].self, from: JSONEncoder().encode(auth)) == auth)
        let (room, ann, bob) = (ChatroomID(17), UserID(7), UserID(8))
        let social: [SocialChange] = [
            .directCreated(chatroom: room, members: [ann, bob]), .groupCreated(chatroom: room, name: "n", owner: ann),
            .memberAdded(chatroom: room, user: bob, by: ann, role: .member, showsHistory: true),
            .memberRemoved(chatroom: room, user: bob, by: bob),
            .memberUpdated(
                chatroom: room, membership: Membership(id: room, role: .admin, mutedUntil: until, canSend: false),
                user: bob),
            .chatroomUpdated(chatroom: room, name: nil, by: ann), .chatroomDissolved(chatroom: room, by: ann),
            .friendRequest(
                id: FriendRequestID(1), from: ann, to: bob, reason: "", status: .pending, createdAt: until),
            .friendAdded(ann, bob), .friendRemoved(ann, bob), .sightChanged(ann, bob, canSee: false),
        ]
        #expect(try JSONDecoder().decode([SocialChange].self, from: JSONEncoder().encode(social)) == social)
    }
}
