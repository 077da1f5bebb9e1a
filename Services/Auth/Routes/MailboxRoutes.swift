import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceKit

/// `/mailbox` on the listener of operators, in local mode: a page with the mails that would have been sent.
struct MailboxRoutes: Sendable {
    let mailbox: Mailbox

    var routes: RouteCollection<ServiceContext> {
        RouteCollection(context: ServiceContext.self)
            .get("mailbox", use: self.page)
            .get("mailbox.json", use: self.list)
    }

    /// `GET /mailbox` → 200 and the page.
    func page(request: Request, context: ServiceContext) -> Response {
        let mails = self.mailbox.all.map { item in
            """
            <article><h2>\(Self.escaped(item.mail.subject))</h2>
            <p>to \(Self.escaped(item.mail.to.description)), \(Timestamp(item.at))</p>
            <pre>\(Self.escaped(item.mail.text))</pre></article>
            """
        }
        let html = """
            <!doctype html><html lang="en"><meta charset="utf-8"><title>Mailbox of Teahouse</title>
            <h1>What would have been sent</h1>
            \(mails.isEmpty ? "<p>Nothing yet.</p>" : mails.joined(separator: "\n"))
            </html>
            """
        return Response(
            status: .ok,
            headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    struct List: Codable, Sendable {
        let mails: [Item]

        struct Item: Codable, Sendable {
            let to: String
            let subject: String
            let text: String
            let at: Timestamp
        }
    }

    /// `GET /mailbox.json` → 200 and the same for programs.
    func list(request: Request, context: ServiceContext) -> Answer<List> {
        Answer(
            List(
                mails: self.mailbox.all.map {
                    List.Item(
                        to: $0.mail.to.description, subject: $0.mail.subject, text: $0.mail.text, at: Timestamp($0.at))
                }))
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
