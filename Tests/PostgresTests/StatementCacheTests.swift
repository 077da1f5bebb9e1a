import Testing

@testable import Postgres

struct StatementCacheTests {
    private func key(_ text: String, _ types: [UInt32] = []) -> StatementCache.Key { .init(text: text, types: types) }

    @Test func `a statement is prepared once, and used by name only after its Parse came`() {
        var cache = StatementCache()
        #expect(cache.use(self.key("a")) == .prepare("s1"))
        #expect(cache.use(self.key("a")) == .unnamed)
        cache.confirm(self.key("a"))
        #expect(cache.use(self.key("a")) == .prepared("s1"))
    }

    @Test func `one whose Parse failed starts over under a new name`() {
        var cache = StatementCache()
        #expect(cache.use(self.key("a")) == .prepare("s1"))
        cache.fail(self.key("a"))
        #expect(cache.use(self.key("a")) == .prepare("s2"))
        #expect(cache.takeDropped() == [])
    }

    @Test func `the same text with other types is another statement`() {
        var cache = StatementCache()
        #expect(cache.use(self.key("a", [20])) == .prepare("s1"))
        #expect(cache.use(self.key("a", [25])) == .prepare("s2"))
    }

    @Test func `when full the least recently used goes, and is told once`() {
        var cache = StatementCache(capacity: 2)
        for text in ["a", "b"] {
            _ = cache.use(self.key(text))
            cache.confirm(self.key(text))
        }
        #expect(cache.use(self.key("a")) == .prepared("s1"))
        #expect(cache.use(self.key("c")) == .prepare("s3"))
        #expect(cache.takeDropped() == ["s2"])
        #expect(cache.takeDropped() == [])
        #expect(cache.use(self.key("a")) == .prepared("s1"))
    }

    @Test func `when full of statements that are being prepared a new one goes unnamed`() {
        var cache = StatementCache(capacity: 1)
        _ = cache.use(self.key("a"))
        #expect(cache.use(self.key("b")) == .unnamed)
        cache.confirm(self.key("a"))
        #expect(cache.use(self.key("b")) == .prepare("s2"))
    }
}

struct SegmentProgressTests {
    private let a = StatementCache.Key(text: "a", types: [])
    private let b = StatementCache.Key(text: "b", types: [])
    private let broken = PostgresError(code: .sqlState("23505"))

    @Test func `rows are the answer, one for each statement, none for a Parse`() {
        var progress = SegmentProgress<Int>(steps: [
            .parse(self.a), .execute(self.a, cached: false), .execute(self.b, cached: true),
        ])
        #expect(progress.succeeded(0) == .confirm(self.a))
        #expect(progress.succeeded(1) == .none)
        #expect(progress.succeeded(2) == .none)
        #expect(progress.answer == .success([1, 2]))
    }

    @Test func `the first error is the answer, and skipped Parses are not counted as done`() {
        var progress = SegmentProgress<Int>(steps: [
            .execute(self.a, cached: true), .parse(self.b), .execute(self.b, cached: false),
        ])
        #expect(progress.failed(self.broken) == .none)
        #expect(progress.skipped() == .fail(self.b))
        #expect(progress.skipped() == .none)
        #expect(progress.answer == .failure(self.broken))
    }

    @Test func `an error of the commit, after all rows, is the answer`() {
        var progress = SegmentProgress<Int>(steps: [.execute(self.a, cached: true)])
        #expect(progress.succeeded(1) == .none)
        #expect(progress.failed(self.broken) == .none)
        #expect(progress.answer == .failure(self.broken))
    }

    @Test func `a plan that its table has outgrown is forgotten, once, and only if it was prepared before`() {
        let stale = PostgresError(code: .sqlState("0A000"))
        var progress = SegmentProgress<Int>(steps: [.execute(self.a, cached: true)])
        #expect(progress.failed(stale) == .forget(self.a))
        #expect(progress.isStale)
        var fresh = SegmentProgress<Int>(steps: [.execute(self.a, cached: false)])
        #expect(fresh.failed(stale) == .none)
        #expect(!fresh.isStale)
    }
}
