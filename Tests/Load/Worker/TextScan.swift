#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Finds the few things a load test wants to know of an event, without decoding it: at a hundred thousand deliveries a
/// second the generator must not be what is measured.
extension UnsafeRawBufferPointer {
    func starts(with text: StaticString) -> Bool {
        guard let base = self.baseAddress, self.count >= text.utf8CodeUnitCount else { return false }
        return memcmp(base, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    /// Where the text behind the first `key` begins; `nil` where it does not occur.
    func end(of key: StaticString, from start: Int = 0) -> Int? {
        let length = key.utf8CodeUnitCount
        guard let base = self.baseAddress, length > 0 else { return nil }
        var place = start
        while self.count - place >= length,
            let found = memchr(base + place, Int32(key.utf8Start[0]), self.count - place - length + 1)
        {
            place = UnsafeRawPointer(found) - base
            if memcmp(found, key.utf8Start, length) == 0 { return place + length }
            place += 1
        }
        return nil
    }

    /// The number that begins at `start`.
    func number(at start: Int) -> Int64? {
        var index = start
        var value: Int64 = 0
        while index < self.count, index - start < 19, (0x30...0x39).contains(self[index]) {
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            guard !isTooLarge else { return nil }
            value = product &+ Int64(self[index] - 0x30)
            index += 1
        }
        return index > start && value >= 0 ? value : nil
    }

    func number(after key: StaticString) -> Int64? { self.end(of: key).flatMap { self.number(at: $0) } }

    /// The string behind `key`, up to the next quotation mark.
    func string(after key: StaticString) -> String? {
        guard let start = self.end(of: key), let end = self[start...].firstIndex(of: UInt8(ascii: "\"")) else {
            return nil
        }
        return String(decoding: self[start..<end], as: UTF8.self)
    }

    /// The time at which a message of ours was due to be sent, in its content behind `@`.
    var sentAt: UInt64? {
        self.end(of: "\"@").flatMap { self.number(at: $0) }.map { UInt64($0) }
    }
}
