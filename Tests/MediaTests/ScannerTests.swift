import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import ServiceKit
import Testing

@testable import Media

@Suite struct ScannerTests {
    /// Refuses what holds "EVIL", fails on "FAIL", never ends on "HANG".
    private static let script = """
        #!/bin/sh
        grep -q EVIL "$2" && exit 1
        grep -q FAIL "$2" && exit 2
        grep -q HANG "$2" && exec sleep 60
        [ "$1" = --quick ] && [ -z "$MEDIA_DATABASE_URL" ]
        """

    @Test(arguments: [
        ("fine", 201, nil), ("EVIL", 422, "media_refused"), ("FAIL", 503, "unavailable"), ("HANG", 503, "unavailable"),
    ])
    func `a command says what may be kept; of what it refuses or cannot tell, nothing stays`(
        text: String, status: Int, code: String?
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "scan-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let isMade = FileManager.default.createFile(
            atPath: path, contents: Data(Self.script.utf8), attributes: [.posixPermissions: 0o755])
        #expect(isMade)
        let environment = [
            "MEDIA_SCAN_COMMAND": "\(path) --quick", "MEDIA_SCAN_TIMEOUT": text == "HANG" ? "100ms" : "30s",
        ]
        try await withMedia(environment) { media in
            try await media.public.test(.router) { client in
                let answer = try await client.execute(
                    uri: "/api/media/uploads?name=a&chatroomId=10", method: .post, headers: try media.headers(.alice),
                    body: ByteBuffer(string: text))
                #expect(answer.status.code == status)
                if let code { #expect(try answer.decode(ErrorBody.self).code == code) }
                #expect(media.stored().partial == [])
                #expect(media.stored().blobs.count == (status == 201 ? 1 : 0))

                let tus = Tus(client: client, media: media)
                let id = try await tus.create(text.utf8.count, "a", chatroom: .lobby)
                let last = try await tus.patch(id, at: 0, Array(text.utf8)[...])
                #expect(last.status.code == (status == 201 ? 204 : status))
                // What is refused has ended; after a failure it can be tried again.
                #expect(try await tus.head(id).status == (status == 422 ? .notFound : .ok))
                #expect(media.stored().blobs.count == (status == 201 ? 1 : 0))
            }
        }
    }
}
