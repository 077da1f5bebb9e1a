import Testing

@testable import Redis

struct RESPCommandTests {
    @Test func `a command is an array of bulk strings, counted in bytes`() {
        let bytes = RESPCommand("SUBSCRIBE", "茶馆", "").bytes
        #expect(String(decoding: bytes, as: UTF8.self) == "*3\r\n$9\r\nSUBSCRIBE\r\n$6\r\n茶馆\r\n$0\r\n\r\n")
    }

    @Test func `a payload may hold any bytes`() {
        let bytes = RESPCommand.publish("c", [0, 13, 10, 255]).bytes
        #expect(bytes == Array("*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$4\r\n".utf8) + [0, 13, 10, 255, 13, 10])
    }
}
