import Testing

@testable import Redis

struct RedisURLTests {
    @Test func `everything in a URL is read`() throws {
        let url = try RedisURL("redis://tea:p%40ss%3A1@Redis.example:7000/3")
        #expect(url.host == "Redis.example")
        #expect(url.port == 7000)
        #expect(url.user == "tea")
        #expect(url.password == "p@ss:1")
        #expect(url.database == 3)
        #expect(url.server.description == "redis.example:7000")
    }

    @Test func `what is left out has its default`() throws {
        let url = try RedisURL("redis://127.0.0.1")
        #expect(url.port == 6379)
        #expect(url.user == nil)
        #expect(url.password == nil)
        #expect(url.database == 0)
    }

    @Test func `a password needs no user`() throws {
        let url = try RedisURL("redis://:secret@h:1")
        #expect(url.user == nil)
        #expect(url.password == "secret")
        #expect(url.greeting(selectsDatabase: true).count == 2)
    }

    @Test func `an IPv6 address loses its brackets`() throws {
        #expect(try RedisURL("redis://[::1]:6380").host == "::1")
    }

    @Test(arguments: [
        "", "127.0.0.1:6379", "rediss://h:1", "http://h:1", "redis://", "redis://h:0", "redis://h:70000", "redis://h/x",
        "redis://h/-1", "redis://h?x=1",
    ])
    func `anything else is refused, without repeating it`(text: String) {
        let error = #expect(throws: RedisError.self) { try RedisURL(text) }
        #expect(error?.code == .invalidURL)
    }
}
