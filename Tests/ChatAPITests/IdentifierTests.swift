import ChatAPI
import Foundation
import Testing

@Suite struct IdentifierTests {
    @Test(arguments: ["1", "17", "9007199254740991"]) func `an id is its decimal digits`(text: String) throws {
        let id = try #require(UserID(text))
        #expect(id.description == text)
        #expect(String(decoding: try JSONEncoder().encode([id]), as: UTF8.self) == "[\(text)]")
        #expect(try JSONDecoder().decode([UserID].self, from: Data("[\(text)]".utf8)) == [id])
    }

    @Test(arguments: [
        "", "0", "-1", "+1", "01", "1.0", "1e3", " 1", "1 ", "9007199254740992", "9223372036854775808", "١", "1\u{0}",
        "0x1", "1_000",
        String(repeating: "9", count: 10_000),
    ]) func `O09: what is not an id is none`(text: String) { #expect(ChatroomID(text) == nil) }

    @Test(arguments: [
        "0", "-1", "9007199254740992", "1.5", "\"1\"", "null", "true", "[1]", "1e400", "99999999999999999999",
    ])
    func `O09: nor is it one in JSON`(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([UserID].self, from: Data("[\(json)]".utf8)) }
    }

    @Test func `a dictionary by id is an object`() throws {
        let heads = [ChatroomID(17): Seq(3)]
        let json = String(decoding: try JSONEncoder().encode(heads), as: UTF8.self)
        #expect(json == #"{"17":3}"#)
        #expect(try JSONDecoder().decode([ChatroomID: Seq].self, from: Data(json.utf8)) == heads)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([ChatroomID: Seq].self, from: Data(#"{"x":3}"#.utf8))
        }
    }

    @Test func `a message is named by its place`() throws {
        let id = try #require(MessageID("17.4"))
        #expect(id == MessageID(chatroom: ChatroomID(17), seq: 4))
        #expect(id.description == "17.4")
        #expect(try JSONDecoder().decode([MessageID].self, from: JSONEncoder().encode([id])) == [id])
        for bad in ["17", "17.", ".4", "17.0", "17.4.1", "17.-4", "17,4", "0.4", "17.9007199254740992"] {
            #expect(MessageID(bad) == nil)
        }
    }
}
