/// One command as it goes over the wire: an array of bulk strings (RESP2).
struct RESPCommand: Sendable {
    private(set) var bytes: [UInt8]

    init(_ arguments: String...) { self.init(arguments) }

    init(_ arguments: [String]) {
        self.bytes = []
        self.bytes.reserveCapacity(arguments.reduce(16) { $0 + $1.utf8.count + 16 })
        self.begin(count: arguments.count)
        for argument in arguments { self.append(argument.utf8) }
    }

    /// `PUBLISH channel payload`; the payload may be any bytes.
    static func publish(_ channel: String, _ payload: some Collection<UInt8>) -> RESPCommand {
        var command = RESPCommand("PUBLISH", channel, count: 3, reserving: payload.count + 16)
        command.append(payload)
        return command
    }

    private init(_ first: String, _ second: String, count: Int, reserving more: Int) {
        self.bytes = []
        self.bytes.reserveCapacity(64 + second.utf8.count + more)
        self.begin(count: count)
        self.append(first.utf8)
        self.append(second.utf8)
    }

    private mutating func begin(count: Int) {
        self.bytes.append(UInt8(ascii: "*"))
        self.bytes.append(contentsOf: String(count).utf8)
        self.endLine()
    }

    private mutating func append(_ argument: some Collection<UInt8>) {
        self.bytes.append(UInt8(ascii: "$"))
        self.bytes.append(contentsOf: String(argument.count).utf8)
        self.endLine()
        self.bytes.append(contentsOf: argument)
        self.endLine()
    }

    private mutating func endLine() {
        self.bytes.append(UInt8(ascii: "\r"))
        self.bytes.append(UInt8(ascii: "\n"))
    }
}
