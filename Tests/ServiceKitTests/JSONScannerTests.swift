import Foundation
import ServiceKit
import Testing

@Suite struct JSONScannerTests {
    private func check(_ text: String) -> JSONProblem? { self.check(Array(text.utf8)) }

    private func check(_ bytes: [UInt8]) -> JSONProblem? {
        do {
            try JSONScanner.check(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "{}", "[]", "0", "-0.5e+10", "\"\"", "true", "null", " \t\r\n[1, 2 ,{\"a\" : [ ] }]\n",
        #"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#,
        #""\ud83d\ude00 \u00e9 \"\\\/\b\f\n\r\t""#, "\"世界 😀\"", "1e308", "123456789012345678901234567890",
    ]) func `what is JSON is taken`(text: String) { #expect(self.check(text) == nil) }

    @Test(arguments: [
        ("", JSONProblem.notJSON), ("{", .notJSON), ("[1", .notJSON), ("[1,]", .notJSON), ("{\"a\"}", .notJSON),
        ("{\"a\":1,}", .notJSON),
        ("{a:1}", .notJSON), ("[1 2]", .notJSON), ("\"a", .notJSON), ("\"\n\"", .notJSON), ("\"\\x\"", .notJSON),
        ("tru", .notJSON),
        ("NaN", .notJSON), ("Infinity", .notJSON), ("-", .notJSON), ("01", .trailingBytes), ("1.", .notJSON),
        (".5", .notJSON),
        ("1e", .notJSON), ("+1", .notJSON), ("'a'", .notJSON), ("[}", .notJSON), ("{]", .notJSON),
        ("\u{FEFF}{}", .notJSON),
        ("{} {}", .trailingBytes), ("null\u{0}", .trailingBytes), ("1e999", .numberTooLarge),
        ("-1e999", .numberTooLarge),
        (#""\u0000""#, .nul), (#"{"a\u0000":1}"#, .nul), (#""\ud800""#, .loneSurrogate), (#""\udc00""#, .loneSurrogate),
        (#""\ud800\u0041""#, .loneSurrogate), (#""\ud800x""#, .loneSurrogate), (#"{"a":1,"a":2}"#, .doubledKey),
        (#"{"a":1,"\u0061":2}"#, .doubledKey), (#"[{"x":{"a":1,"b":2,"a":3}}]"#, .doubledKey),
    ]) func `what is not, or what we refuse beyond it, is named`(text: String, problem: JSONProblem) {
        #expect(self.check(text) == problem)
    }

    @Test func `bytes that are not UTF-8 are refused, UTF-16 among them`() {
        #expect(self.check(Array("\"".utf8) + [0xFF] + Array("\"".utf8)) == .notUTF8)
        #expect(self.check([0x22, 0xED, 0xA0, 0x80, 0x22]) == .notUTF8)
        let wide = Array("{}".utf16).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        #expect(self.check([0xFF, 0xFE] + wide) == .notUTF8)
        #expect(self.check(wide) == .notJSON)
    }

    @Test func `nesting is taken up to 64, and a hundred thousand levels are refused at once`() {
        #expect(self.check(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) == nil)
        #expect(self.check(String(repeating: "[", count: 65) + String(repeating: "]", count: 65)) == .tooDeep)
        let start = ContinuousClock.now
        #expect(self.check(String(repeating: "[", count: 100_000)) == .tooDeep)
        #expect(self.check(String(repeating: "{\"a\":", count: 100_000)) == .tooDeep)
        #expect(ContinuousClock.now - start < .milliseconds(500))
    }

    @Test func `what the scanner takes, Foundation decodes, through random changes`() {
        let sample = Array(#"{"a":[1,-2.5e3,true,null,"x\u00e9\ud83d\ude00"],"b":{"c":"d","e":[{}]}}"#.utf8)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3_000 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = sample.randomElement(using: &random) ?? 0
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
            }
            guard self.check(bytes) == nil else { continue }
            #expect(throws: Never.self, "\(String(decoding: bytes, as: UTF8.self))") {
                try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            }
        }
    }
}

@Suite struct QueryTests {
    @Test func `values are percent-decoded, and plus is a space`() throws {
        let query = try Query("query=%E4%B8%AD+a%2Bb&limit=7&ids=1,2,3&empty=&bare")
        #expect(query.text("query") == "中 a+b")
        #expect(try query.limit() == 7)
        #expect(try query.list("ids", of: Int.self) == [1, 2, 3])
        #expect(query.text("empty") == "")
        #expect(query.text("bare") == "")
        #expect(query.text("other") == nil)
        #expect(try Query("").limit() == 50)
    }

    @Test(arguments: ["a=%00", "a=%", "a=%4", "a=%zz", "a=%ff", "%ff=a", "a=1&a=2", "a=%ED%A0%80"])
    func `a query that is none is refused`(query: String) { #expect(throws: RequestError.self) { try Query(query) } }

    @Test(arguments: ["0", "201", "-1", "x", "", "1e1", " 5"]) func `a limit is between 1 and 200`(limit: String) throws
    {
        let query = try Query("limit=" + limit.replacing(" ", with: "+"))
        #expect(throws: RequestError.self) { try query.limit() }
    }

    @Test func `a list has no holes and not too many values`() throws {
        #expect(throws: RequestError.self) { try Query("ids=1,,2").list("ids", of: Int.self) }
        #expect(throws: RequestError.self) { try Query("ids=1,2,3").list("ids", of: Int.self, atMost: 2) }
        #expect(throws: RequestError.self) { try Query("a=1").require("b", as: Int.self) }
    }
}
