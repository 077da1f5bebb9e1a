/// The bytes of an image, read through a window of 16 KiB, so that walking through one costs no more memory than that.
struct ImageBytes {
    let size: Int64
    /// Where the next byte is read; stepping over bytes reads none of them.
    var offset: Int64 = 0
    private let read: (Int64, Int) throws -> [UInt8]
    private var window: [UInt8] = []
    private var windowStart: Int64 = 0

    /// - Parameter read: bytes from a place; fewer than asked for only at the end.
    init(size: Int64, read: @escaping (Int64, Int) throws -> [UInt8]) {
        self.size = size
        self.read = read
    }

    /// The next byte.
    ///
    /// - Throws: ``ImageProblem/broken`` at the end.
    mutating func byte() throws -> UInt8 {
        let place = self.offset - self.windowStart
        if place < 0 || place >= self.window.count {
            guard self.offset >= 0, self.offset < self.size else { throw ImageProblem.broken }
            self.window = try self.read(self.offset, 16 * 1024)
            self.windowStart = self.offset
            guard !self.window.isEmpty else { throw ImageProblem.broken }
        }
        defer { self.offset += 1 }
        return self.window[Int(self.offset - self.windowStart)]
    }

    /// A number whose first byte counts most.
    mutating func big(_ count: Int) throws -> Int {
        var value = 0
        for _ in 0..<count { value = value << 8 | Int(try self.byte()) }
        return value
    }

    /// A number whose first byte counts least.
    mutating func little(_ count: Int) throws -> Int {
        var value = 0
        for place in 0..<count { value |= Int(try self.byte()) << (8 * place) }
        return value
    }

    mutating func text(_ count: Int) throws -> String { String(decoding: try self.next(count), as: UTF8.self) }

    mutating func next(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for _ in 0..<count { bytes.append(try self.byte()) }
        return bytes
    }

    /// Bytes of a place, past the window; `offset` stays.
    ///
    /// - Throws: ``ImageProblem/broken`` where the image ends before them.
    func part(_ range: Range<Int64>) throws -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= self.size else { throw ImageProblem.broken }
        let bytes = try self.read(range.lowerBound, range.count)
        guard bytes.count == range.count else { throw ImageProblem.broken }
        return bytes
    }
}
