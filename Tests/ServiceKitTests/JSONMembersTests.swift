import Foundation
import Testing

@testable import ServiceKit

struct JSONMembersTests {
    private func members(_ text: String) throws(RequestError) -> JSONMembers { try JSONMembers(Array(text.utf8)) }

    @Test func `members are as they came, whatever stands around them`() throws {
        let members = try self.members(
            #" { "a" : "x" ,"b":[1, {"c":"}"}] , "\u0064":{"e":{}}, "f":-17,"g":null , "h":[], "i":{} , "j":true}"#
                + " \n")
        let texts = ["a", "b", "d", "f", "h", "i", "j"].map { key in
            members.text(of: key).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(texts == [#""x""#, #"[1, {"c":"}"}]"#, #"{"e":{}}"#, "-17", "[]", "{}", "true"])
        #expect(members.text(of: "g") == nil)
        #expect(members.text(of: "c") == nil, "of an object further in")
        #expect(members.count == 8)
        let elements = try members.elements(of: "b").map { String(decoding: $0, as: UTF8.self) }
        #expect(elements == ["1", #"{"c":"}"}"#])
        #expect(try members.elements(of: "h").isEmpty)
    }

    @Test(arguments: [
        "", "7", "[1]", #""a""#, "null", "{", #"{"a":1"#, #"{"a":1}x"#, #"{"a":1,"a":2}"#, #"{"a":"\u0000"}"#,
        #"{"a":"\ud800"}"#, #"{"a":{"b":1,"b":2}}"#, #"{"a":1e999}"#, #"{a:1}"#, #"{"a":1,}"#,
        String(repeating: #"{"a":"#, count: 65) + "1" + String(repeating: "}", count: 65),
    ])
    func `what StrictJSON refuses is refused`(text: String) {
        let error = #expect(throws: RequestError.self) { try self.members(text) }
        #expect(error?.code == "invalid_request")
        #expect(throws: RequestError.self) { try StrictJSON.decode([String: [Int]].self, from: Array(text.utf8)) }
    }

    /// What Foundation reads is the reference.
    @Test(arguments: [
        "0", "-1", "17", "999999999999999999", "9223372036854775807", "-9223372036854775808", "5.0", "1e3", "1.5",
        "9223372036854775808", "\"5\"", "true", "{}", "-0",
    ])
    func `integers are those that a decoder reads`(text: String) {
        let decoded = try? JSONDecoder().decode(Int64.self, from: Data(text.utf8))
        let read = try? self.members("{\"a\":\(text)}").integer("a")
        #expect(read == decoded)
    }

    @Test(arguments: [#""""#, #""plain""#, #""\u00e4\n\"\\\/""#, #""\ud83d\ude00""#, #""茶馆 \t""#, "7", "[]", "{}"])
    func `strings are those that a decoder reads`(text: String) {
        let decoded = try? JSONDecoder().decode(String.self, from: Data(text.utf8))
        let read = try? self.members("{\"a\":\(text)}").string("a")
        #expect(read == decoded)
    }

    @Test func `a refusal names the member and the objects around it`() throws {
        let members = try self.members(#"{"message":{"content":7,"ids":["x"]},"n":"1"}"#)
        let message = try #require(try members.members("message"))
        #expect(throws: RequestError.invalid("message.content", "has the wrong type")) { try message.string("content") }
        #expect(throws: RequestError.invalid("message.ids", "has the wrong type")) {
            try message.value([Int].self, "ids")
        }
        #expect(throws: RequestError.invalid("message.type", "is missing")) {
            try message.required("type", try message.string("type"))
        }
        #expect(throws: RequestError.invalid("n", "has the wrong type")) { try members.integer("n") }
        #expect(throws: RequestError.invalid("n", "has the wrong type")) { try members.members("n") }
        #expect(throws: RequestError.invalid("n", "has the wrong type")) { try members.elements(of: "n") }
        let cursors = try self.members(#"{"1":2,"n":"1"}"#)
        #expect(throws: RequestError.invalid("n", "has the wrong type")) { try cursors.eachInteger { _, _ in } }
    }
}
