import ChatAPI
import Testing

@testable import History

struct LogPartTests {
    private func part(_ after: Seq, _ upTo: Seq) -> LogPart { LogPart(chatroom: .lobby, after: after, upTo: upTo) }

    @Test func `a part that ends before it begins is empty`() {
        #expect(self.part(5, 3).count == 0)
        #expect(self.part(5, 3).first(10) == self.part(5, 5))
        #expect(self.part(.max, 3).first(10).count == 0)
    }

    @Test func `no part is longer than the limit for each`() {
        #expect(
            LogPart.cut([self.part(0, 5), self.part(2, 4)], each: 3, total: 100) == [self.part(0, 3), self.part(2, 4)])
    }

    @Test func `small parts are whole before a large one takes what is left`() {
        let parts = [self.part(0, 100), self.part(10, 12), self.part(0, 3)]
        #expect(LogPart.cut(parts, each: 50, total: 10) == [self.part(0, 5), self.part(10, 12), self.part(0, 3)])
    }

    @Test func `parts keep their order, and one for which nothing is left is empty`() {
        let parts = [self.part(0, 4), self.part(7, 9), self.part(0, 4)]
        #expect(LogPart.cut(parts, each: 50, total: 2) == [self.part(0, 0), self.part(7, 9), self.part(0, 0)])
    }
}
