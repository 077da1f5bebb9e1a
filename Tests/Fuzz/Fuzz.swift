import NIOCore
import SocketIO

/// What libFuzzer calls with what it has thought of; which parser is meant stands in the name of the program's target.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let input = ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: count))
    #if PACKETS
        fuzzPackets(input)
    #elseif PAYLOADS
        fuzzPayloads(input)
    #elseif REQUESTS
        fuzzRequests(input)
    #else
        fuzzFrames(input)
    #endif
    return 0
}

/// Messages, one behind the other: a byte that says whether one is binary, then all up to the next line feed.
private func fuzzPackets(_ input: ByteBuffer) {
    var decoder = SocketPacketDecoder(maxAttachmentBytes: 100)
    for line in input.readableBytesView.split(separator: 0x0A) {
        let message = ByteBuffer(bytes: line.dropFirst())
        guard line.first == UInt8(ascii: "b") || message.isValidUTF8 else { continue }
        let received: SocketPacketDecoder.Received?
        do throws(PacketError) {
            received =
                line.first == UInt8(ascii: "b")
                ? try decoder.receive(binary: message) : try decoder.receive(text: message)
        } catch {
            return
        }
        guard let received else { continue }
        // What was understood is understood again after it was written.
        var written = ByteBuffer()
        received.packet.encode(into: &written)
        var second = SocketPacketDecoder(maxAttachmentBytes: 100)
        guard received.packet.kind == .event || received.packet.kind == .acknowledgement else { continue }
        var again = try? second.receive(text: written)
        for attachment in received.packet.attachments { again = try? second.receive(binary: attachment) }
        precondition(again?.packet == received.packet, "a packet came back as another one")
    }
}

private func fuzzPayloads(_ input: ByteBuffer) {
    var reader = EnginePayloadReader(input)
    var packets: [EnginePacket] = []
    while let packet = try? reader.next() { packets.append(packet) }
    var again = EnginePayloadReader(EnginePayload.encode(packets))
    for packet in packets { precondition((try? again.next()) == packet, "a payload came back as another one") }
}

/// Whole and byte by byte the same frames must come out.
private func fuzzFrames(_ input: ByteBuffer) {
    var whole = FrameParser(maxMessageBytes: 1_000)
    whole.append(input)
    var events: [FrameParser.Event] = []
    while let event = whole.next() { events.append(event) }
    var split = FrameParser(maxMessageBytes: 1_000)
    var others: [FrameParser.Event] = []
    for byte in input.readableBytesView {
        split.append(ByteBuffer(integer: byte))
        while let event = split.next() { others.append(event) }
    }
    precondition(events == others, "frames depend on how they come")
}

/// Whole and byte by byte the same requests must come out.
private func fuzzRequests(_ input: ByteBuffer) {
    func events(of pieces: some Sequence<ByteBuffer>) -> [RequestParser.Event] {
        var parser = RequestParser(maxHeadBytes: 500)
        var events: [RequestParser.Event] = []
        for piece in pieces {
            parser.append(piece)
            while let event = parser.next() {
                // Where a body is cut is no difference.
                if case .body(var bytes) = event, case .body(let before)? = events.last {
                    bytes = ByteBuffer(bytes: Array(before.readableBytesView) + Array(bytes.readableBytesView))
                    events[events.count - 1] = .body(bytes)
                } else {
                    events.append(event)
                }
            }
            parser.compact()
        }
        return events
    }
    let split = input.readableBytesView.map { ByteBuffer(integer: $0) }
    precondition(events(of: [input]) == events(of: split), "requests depend on how they come")
}
