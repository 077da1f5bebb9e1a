import Crypto
import Foundation
import NIOCore
import Testing

@testable import loadtest

struct PatternTests {
    @Test func `a pattern is the same from wherever it is read, and breaks off where it is told to`() async throws {
        let pattern = Pattern(size: 300_001, seed: 7)
        func read(from start: Int64, breakingAt end: Int64? = nil) async throws -> [UInt8] {
            var bytes: [UInt8] = []
            do {
                for try await chunk in pattern.stream(from: start, breakingAt: end) { bytes += chunk.readableBytesView }
            } catch is Pattern.Broken {
                #expect(end != nil)
            }
            return bytes
        }
        let whole = try await read(from: 0)
        #expect(whole.count == 300_001)
        #expect(whole[..<Pattern.block] != whole[Pattern.block..<2 * Pattern.block], "no block is like another")
        #expect(try await read(from: 123_456) == Array(whole[123_456...]))
        let half = try await read(from: 10, breakingAt: 200_000)
        #expect(half.count >= 199_990 && half.count < 300_001 - 10)
        #expect(half == Array(whole[10..<10 + half.count]))
        #expect(pattern.sha256 == SHA256.hash(data: whole).map { String(format: "%02x", $0) }.joined())
    }
}
