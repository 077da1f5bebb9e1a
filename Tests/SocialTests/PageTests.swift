import Testing

@testable import Social

struct PageTests {
    /// Reads numbers after a cursor, of 1…`count`, and shows those that pass.
    func read(
        of count: Int, after: Int? = nil, limit: Int, chunk: Int, where passes: @escaping (Int) -> Bool = { _ in true }
    ) async throws -> Page<Int, Int> {
        try await Page<Int, Int>.read(after: after, limit: limit, chunk: chunk, cursorOf: \.self) { after, limit in
            Array(((after ?? 0) + 1..<count + 1).prefix(limit))
        } present: { numbers in
            numbers.map { passes($0) ? $0 : nil }
        }
    }

    @Test func `pages joined by their cursors are the whole list`() async throws {
        for limit in 1...8 {
            var all: [Int] = []
            var cursor: Int?
            repeat {
                let page = try await self.read(of: 7, after: cursor, limit: limit, chunk: limit + 1)
                #expect(page.items.count <= limit)
                all += page.items
                cursor = page.next
            } while cursor != nil
            #expect(all == Array(1...7))
        }
    }

    @Test func `what is passed over does not shorten a page`() async throws {
        let page = try await self.read(of: 100, limit: 3, chunk: 4) { $0 % 10 == 0 }
        #expect(page.items == [10, 20, 30])
        #expect(page.next == 30)
        let last = try await self.read(of: 100, after: 80, limit: 3, chunk: 4) { $0 % 10 == 0 }
        #expect(last.items == [90, 100])
        #expect(last.next == nil)
    }
}
