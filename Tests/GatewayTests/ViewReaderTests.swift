import ChatAPI
import Foundation
import NIOCore
import ServiceKit
import Testing

@testable import Gateway

@Suite struct ViewReaderTests {
    private func encoded(_ value: some Encodable) throws -> [UInt8] { Array(try JSONEncoder.teahouse.encode(value)) }

    private func answers() -> [LookupViews.Answer] {
        let view = ChatroomView(id: .lobby, head: 7, from: 1, joined: 0)
        return [
            LookupViews.Answer(epoch: UUID(), position: 0, users: []),
            LookupViews.Answer(
                epoch: UUID(), position: 9_007_199_254_740_991,
                users: [
                    UserViews(id: .alice, chatrooms: []), UserViews(id: .bob, chatrooms: [view]),
                    UserViews(id: .carol, chatrooms: [view, view]),
                ]),
        ]
    }

    @Test func `an answer is read as the decoder reads it`() throws {
        for answer in self.answers() {
            let read = try #require(ViewReader.views(in: try self.encoded(answer)))
            #expect(read.epoch == answer.epoch && read.position == answer.position && read.users == answer.users)
            let memberships = LookupMemberships.Answer(
                epoch: answer.epoch, position: answer.position,
                users: [UserMemberships(id: .alice, chatrooms: [Membership(id: .lobby, role: .owner)])])
            #expect(ViewReader.position(in: try self.encoded(memberships)) == answer.position)
        }
    }

    @Test func `whatever is cut off or otherwise written is left to the decoder`() throws {
        let bytes = try self.encoded(try #require(self.answers().last))
        for count in bytes.indices { #expect(ViewReader.views(in: Array(bytes[..<count])) == nil) }
        for text in [#"{"users":[],"position":1,"epoch":"x"}"#, #"{"epoch":1,"position":1,"users":[]}"#, "[]"] {
            #expect(ViewReader.views(in: Array(text.utf8)) == nil)
            #expect(ViewReader.position(in: Array(text.utf8)) == nil)
        }
        #expect(ViewReader.views(in: bytes + [0x20]) == nil)
        for rest in ["", "1", "12", "-3", "null", "99999999999999999999,\"users\":[]}"] {
            let text = #"{"epoch":"\#(UUID().uuidString)","position":"# + rest
            #expect(ViewReader.position(in: Array(text.utf8)) == nil)
        }
    }

    @Test func `the question is what the encoder would write`() throws {
        for users: [UserID] in [[], [.alice], [.alice, .bob, .carol]] {
            let text = ViewReader.question(about: users)
            #expect(Array(text.readableBytesView) == (try self.encoded(LookupViews(userIds: users))))
        }
    }
}
