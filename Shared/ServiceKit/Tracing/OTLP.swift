import Foundation
import NIOCore

/// Spans as OTLP's JSON: ids in hexadecimal, 64-bit numbers as text (OTLP 1.x, "JSON Protobuf Encoding").
enum OTLP {
    struct Resource: Sendable {
        var service: String
        var instance: String
    }

    static func encode(_ spans: [Span], of resource: Resource) throws -> ByteBuffer {
        let request = Request(resourceSpans: [
            ResourceSpans(
                resource: Attributes(attributes: [
                    Attribute(key: "service.name", value: Value(.text("teahouse-\(resource.service)"))),
                    Attribute(key: "service.namespace", value: Value(.text("teahouse"))),
                    Attribute(key: "service.instance.id", value: Value(.text(resource.instance))),
                ]),
                scopeSpans: [ScopeSpans(scope: Scope(name: "teahouse"), spans: spans.map(EncodedSpan.init))])
        ])
        return ByteBuffer(bytes: try JSONEncoder.teahouse.encode(request))
    }

    private struct Request: Encodable {
        var resourceSpans: [ResourceSpans]
    }

    private struct ResourceSpans: Encodable {
        var resource: Attributes
        var scopeSpans: [ScopeSpans]
    }

    private struct Attributes: Encodable {
        var attributes: [Attribute]
    }

    private struct ScopeSpans: Encodable {
        var scope: Scope
        var spans: [EncodedSpan]
    }

    private struct Scope: Encodable {
        var name: String
    }

    private struct Attribute: Encodable {
        var key: String
        var value: Value
    }

    private struct Value: Encodable {
        var stringValue: String?
        var intValue: String?

        init(_ attribute: Span.Attribute) {
            switch attribute {
            case .text(let text): self.stringValue = text
            case .number(let number): self.intValue = String(number)
            }
        }
    }

    private struct Status: Encodable {
        /// 2 is an error.
        var code = 2
    }

    private struct EncodedSpan: Encodable {
        var traceId: String
        var spanId: String
        var parentSpanId: String?
        var name: String
        var kind: Int
        var startTimeUnixNano: String
        var endTimeUnixNano: String
        var attributes: [Attribute]
        var status: Status?

        init(_ span: Span) {
            self.traceId = span.context.trace.description
            self.spanId = span.context.span.description
            self.parentSpanId = span.parent?.description
            self.name = span.name
            self.kind = span.kind.rawValue
            self.startTimeUnixNano = String(span.start)
            self.endTimeUnixNano = String(span.end)
            self.attributes = span.attributes.map { Attribute(key: $0.key, value: Value($0.value)) }
            self.status = span.isError ? Status() : nil
        }
    }
}
