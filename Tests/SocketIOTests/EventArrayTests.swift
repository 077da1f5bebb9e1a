import NIOCore
import SocketIO
import Testing

struct EventArrayTests {
    @Test(arguments: [
        (#"["message"]"#, "message", []),
        (#"["message",1,"2",{"3":[true,null]}]"#, "message", ["1", #""2""#, #"{"3":[true,null]}"#]),
        (#" [ "a" , -1.5e+10 , [ ] ] "#, "a", ["-1.5e+10", "[ ]"]),
        (#"[42,"x"]"#, "42", [#""x""#]),
        (#"["\u4f60\ud83d\ude00\n\"\\\/","b"]"#, "你😀\n\"\\/", [#""b""#]),
        (#"["中文","/","\ud83d"]"#, "中文", [#""/""#, #""\ud83d""#]),
        (#"["",0,-0,0.0,1E5]"#, "", ["0", "-0", "0.0", "1E5"]),
    ])
    func `an event is its name and its arguments as they came`(
        _ text: String, _ name: String, _ arguments: [String]
    ) throws {
        let event = try EventArray(ByteBuffer(string: text))
        #expect(event.name == name)
        #expect(event.arguments.map { String(buffer: $0) } == arguments)
    }

    @Test func `a lone surrogate in a name is replaced, for no string can hold it`() throws {
        #expect(try EventArray(ByteBuffer(string: #"["a\ud83d"]"#)).name == "a\u{FFFD}")
    }

    @Test(arguments: ["a", "quo\"te", "back\\slash", "line\nfeed\t", "\u{1}\u{1F}", "中文😀/"])
    func `quoted text is read back`(_ text: String) throws {
        let array = "[\(JSONText.quoted(text))]"
        #expect(try EventArray(ByteBuffer(string: array)).name == text)
    }
}
