import Foundation
import Testing

@testable import Gateway

struct EpochWatchTests {
    private let old = UUID()
    private let new = UUID()

    private func watch() -> EpochWatch {
        var watch = EpochWatch()
        _ = watch.saw(self.old)
        return watch
    }

    @Test func `the first epoch holds at once`() {
        var watch = EpochWatch()
        #expect(watch.current == nil)
        #expect(watch.saw(self.old) == nil)
        #expect(watch.current == self.old)
        #expect(watch.saw(self.old) == nil)
    }

    @Test func `another one holds when a second answer confirms it`() {
        var watch = self.watch()
        #expect(watch.saw(self.new) == .confirm)
        #expect(watch.current == self.old)
        #expect(watch.confirmed(self.new) == .begin(self.new))
        #expect(watch.current == self.new)
        #expect(watch.saw(self.new) == nil)
    }

    @Test func `a late answer changes nothing`() {
        var watch = self.watch()
        #expect(watch.saw(self.new) == .confirm)
        #expect(watch.confirmed(self.old) == nil)
        #expect(watch.current == self.old)
    }

    @Test func `many answers are confirmed once`() {
        var watch = self.watch()
        #expect(watch.saw(self.new) == .confirm)
        #expect(watch.saw(self.new) == nil)
        #expect(watch.saw(UUID()) == nil)
        #expect(watch.saw(self.old) == nil)
        #expect(watch.confirmed(self.new) == .begin(self.new))
    }

    @Test func `while History is out of reach the old one holds, and the next sight is confirmed`() {
        var watch = self.watch()
        #expect(watch.saw(self.new) == .confirm)
        #expect(watch.confirmed(nil) == nil)
        #expect(watch.current == self.old)
        #expect(watch.saw(self.new) == .confirm)
        #expect(watch.confirmed(self.new) == .begin(self.new))
    }

    @Test func `a third one in the confirmation is confirmed in its turn`() {
        var watch = self.watch()
        let third = UUID()
        #expect(watch.saw(self.new) == .confirm)
        #expect(watch.confirmed(third) == .confirm)
        #expect(watch.confirmed(third) == .begin(third))
    }
}
