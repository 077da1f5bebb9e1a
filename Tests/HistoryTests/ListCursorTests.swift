import Testing

@testable import History

struct ListCursorTests {
    @Test func `a cursor reads as it is written`() {
        let chat = ChatListCursor(milliseconds: 1_764_000_000_123, chatroom: 17)
        #expect(ChatListCursor(chat.description) == chat)
        let favorite = FavoriteCursor(milliseconds: 0, chatroom: 17, seq: 3)
        #expect(FavoriteCursor(favorite.description) == favorite)
    }

    @Test(arguments: [
        "", ".", "1", "1.", "1.2.3.4", "-1.2", "1.2 ", "1.١", "1e3.1", "9223372036854775808.1", "1.2\u{0}",
    ])
    func `what is no cursor is refused`(text: String) {
        #expect(ChatListCursor(text) == nil)
        #expect(FavoriteCursor(text) == nil)
    }
}
