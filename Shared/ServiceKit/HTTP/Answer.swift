import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A JSON answer with a status: `Answer(receipt, status: .created)`. A body alone, of a type that is
/// `ResponseEncodable`, answers 200.
package struct Answer<Body: Encodable & Sendable>: ResponseGenerator, Sendable {
    package var body: Body
    package var status: HTTPResponse.Status
    package var headers: HTTPFields

    package init(_ body: Body, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) {
        self.body = body
        self.status = status
        self.headers = headers
    }

    package func response(from request: Request, context: some RequestContext) throws -> Response {
        var response = try context.responseEncoder.encode(self.body, from: request, context: context)
        response.status = self.status
        response.headers.append(contentsOf: self.headers)
        return response
    }
}

extension Response {
    /// 200, with JSON that was put together by hand.
    package init(json: ByteBuffer) {
        self.init(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: json))
    }
}

/// 204.
package struct NoContent: ResponseGenerator, Sendable {
    package var headers: HTTPFields

    package init(headers: HTTPFields = [:]) { self.headers = headers }

    package func response(from request: Request, context: some RequestContext) throws -> Response {
        Response(status: .noContent, headers: self.headers)
    }
}

extension JSONEncoder {
    /// How everything of ours is written: sorted, so that equal answers are equal bytes; slashes as they are; times encode
    /// themselves.
    package static var teahouse: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

extension AppendMessages.Answer: ResponseEncodable {}
extension AttachMedia.Answer: ResponseEncodable {}
extension AuthSnapshot: ResponseEncodable {}
extension AwaitFeed.Answer: ResponseEncodable {}
extension Changes: ResponseEncodable, ResponseGenerator {}
extension Chatroom: ResponseEncodable {}
extension FriendRequest: ResponseEncodable {}
extension DeletedUsers: ResponseEncodable {}
extension JudgeFriendRequest.Answer: ResponseEncodable {}
extension ListFiles.Answer: ResponseEncodable {}
extension ListFriends.Answer: ResponseEncodable {}
extension LookupEntries.Answer: ResponseEncodable {}
extension LookupHeads.Answer: ResponseEncodable {}
extension LookupMedia.Answer: ResponseEncodable {}
extension LookupMembers.Answer: ResponseEncodable {}
extension LookupFriends.Answer: ResponseEncodable {}
extension LookupMemberships.Answer: ResponseEncodable {}
extension LookupUsers.Answer: ResponseEncodable {}
extension LookupViews.Answer: ResponseEncodable {}
extension MembershipSnapshot: ResponseEncodable {}
extension MediaFile: ResponseEncodable {}
extension Member: ResponseEncodable {}
extension Profile: ResponseEncodable {}
extension RenewTokens.Answer: ResponseEncodable {}
