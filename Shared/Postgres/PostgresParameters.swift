internal import CLibpq

/// The parameters of a statement in PostgreSQL's binary format, one after the other in one buffer.
struct PostgresParameters: Sendable {
    /// The protocol counts them in 16 bits.
    static let most = 65_535

    private var bytes: [UInt8] = []
    private var starts: [Int] = []
    /// −1 for NULL.
    private var lengths: [Int32] = []
    private(set) var types: [PostgresType.ID] = []

    var count: Int { self.types.count }

    mutating func append<Value: PostgresEncodable>(_ value: Value) {
        precondition(self.count < Self.most, "a statement takes at most \(Self.most) parameters; pass an array")
        let start = self.bytes.count
        if !value.isNull { value.encode(into: &self.bytes) }
        self.starts.append(start)
        self.lengths.append(value.isNull ? -1 : Int32(self.bytes.count - start))
        self.types.append(Value.postgresType.id)
    }

    mutating func append(contentsOf other: PostgresParameters) {
        guard other.count > 0 else { return }
        precondition(self.count + other.count <= Self.most, "a statement takes at most \(Self.most) parameters")
        let shift = self.bytes.count
        self.bytes += other.bytes
        self.starts += other.starts.map { $0 + shift }
        self.lengths += other.lengths
        self.types += other.types
    }

    /// The bytes of one parameter; `nil` for NULL.
    subscript(index: Int) -> ArraySlice<UInt8>? {
        self.lengths[index] < 0 ? nil : self.bytes[self.starts[index]..<(self.starts[index] + Int(self.lengths[index]))]
    }

    /// What libpq's `PQsend…` functions take: values, lengths, formats. Valid during `body` alone.
    func withPointers<R>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>) -> R
    ) -> R {
        // Room for one more, since the address of nothing is nil, which would make NULL of an empty string.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1) { nothing in
            nothing.initialize(repeating: 0)
            return self.bytes.withUnsafeBytes { bytes in
                let base = bytes.baseAddress.map { $0.assumingMemoryBound(to: CChar.self) }
                let empty = UnsafePointer(nothing.baseAddress)
                let values = zip(self.starts, self.lengths).map { start, length in
                    length < 0 ? nil : length == 0 ? empty : base.map { $0 + start }
                }
                let binary = [Int32](repeating: 1, count: self.count)
                // An empty array may have no address, and libpq wants one even for nothing.
                guard self.count > 0 else {
                    var none: UnsafePointer<CChar>?
                    var zero: Int32 = 0
                    return withUnsafePointer(to: &none) { none in withUnsafePointer(to: &zero) { body(none, $0, $0) } }
                }
                return values.withUnsafeBufferPointer { values in
                    self.lengths.withUnsafeBufferPointer { lengths in
                        binary.withUnsafeBufferPointer { formats in
                            guard let v = values.baseAddress, let l = lengths.baseAddress, let f = formats.baseAddress
                            else { preconditionFailure("an array that is not empty has an address") }
                            return body(v, l, f)
                        }
                    }
                }
            }
        }
    }
}
