import Foundation

/// A moment, on the wire as RFC 3339 in UTC with milliseconds: `2026-11-23T05:12:00.123Z`.
///
/// Kept as whole milliseconds since 1970, so that what was written is what is read.
package struct Timestamp: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package init(_ date: Date) { self.milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded()) }

    package static var now: Timestamp { Timestamp(Date()) }

    package var date: Date { Date(timeIntervalSince1970: Double(self.milliseconds) / 1000) }

    /// Reads RFC 3339 strictly: no day or hour that there is not. A finer fraction than milliseconds is cut off.
    package init?(_ text: String) {
        var reader = Reader(text: Array(text.utf8))
        guard let milliseconds = reader.read() else { return nil }
        self.init(milliseconds: milliseconds)
    }

    package var description: String {
        let (days, inDay) = self.milliseconds.dividedDown(by: 86_400_000)
        let (year, month, day) = Self.date(ofDay: days)
        let (seconds, milliseconds) = (inDay / 1000, inDay % 1000)
        if (0...9_999).contains(year) {
            // Every message is stamped: this way takes a tenth of the other's time.
            return String(unsafeUninitializedCapacity: 24) { text in
                var end = 0
                for (number, digits, after) in [
                    (year, 4, "-"), (month, 2, "-"), (day, 2, "T"), (seconds / 3600, 2, ":"),
                    (seconds / 60 % 60, 2, ":"), (seconds % 60, 2, "."), (milliseconds, 3, "Z"),
                ] as [(Int64, Int, Unicode.Scalar)] {
                    var rest = number
                    for place in (end..<end + digits).reversed() {
                        text[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                        rest /= 10
                    }
                    text[end + digits] = UInt8(ascii: after)
                    end += digits + 1
                }
                return end
            }
        }
        return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
            + "T\(Self.padded(seconds / 3600, 2)):\(Self.padded(seconds / 60 % 60, 2)):\(Self.padded(seconds % 60, 2))"
            + ".\(Self.padded(milliseconds, 3))Z"
    }

    package static func < (a: Self, b: Self) -> Bool { a.milliseconds < b.milliseconds }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time")
        }
        self = time
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}

// The Gregorian calendar by whole days, as Foundation's formatter takes a 25th hour and rounds through a Double.
extension Timestamp {
    /// Days since 1970 of a date. Years begin in March, so that the leap day is their last; an era is 400 years.
    private static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let (era, inEra) = year.dividedDown(by: 400)
        let inYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + inEra * 365 + inEra / 4 - inEra / 100 + inYear - 719_468
    }

    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, inEra) = (day + 719_468).dividedDown(by: 146_097)
        let year = (inEra - inEra / 1_460 + inEra / 36_524 - inEra / 146_096) / 365
        let inYear = inEra - (365 * year + year / 4 - year / 100)
        let march = (5 * inYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        return (year + era * 400 + (month <= 2 ? 1 : 0), month, inYear - (153 * march + 2) / 5 + 1)
    }

    private static func padded(_ number: Int64, _ count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
    }

    /// `2026-11-23T05:12:00[.123](Z|+08:00)`, from left to right.
    private struct Reader {
        let text: [UInt8]
        var place = 0

        mutating func read() -> Int64? {
            guard let year = self.number(4), self.take("-"), let month = self.number(2), self.take("-"),
                let day = self.number(2), self.take("T"), let hour = self.number(2), self.take(":"),
                let minute = self.number(2), self.take(":"), let second = self.number(2),
                (1...12).contains(month), day >= 1, hour < 24, minute < 60, second < 60
            else { return nil }
            let days = Timestamp.day(year: year, month: month, day: day)
            guard Timestamp.date(ofDay: days) == (year, month, day) else { return nil }
            guard let fraction = self.fraction(), let offset = self.offset(), self.place == self.text.count else {
                return nil
            }
            return ((days * 24 + hour) * 60 + minute - offset) * 60_000 + second * 1000 + fraction
        }

        private mutating func fraction() -> Int64? {
            guard self.take(".") else { return 0 }
            var (value, scale, count): (Int64, Int64, Int) = (0, 100, 0)
            while let digit = self.number(1) {
                value += digit * scale
                scale /= 10
                count += 1
            }
            return (1...9).contains(count) ? value : nil
        }

        /// Minutes to the east of UTC.
        private mutating func offset() -> Int64? {
            if self.take("Z") { return 0 }
            let isEast = self.take("+")
            guard isEast || self.take("-"), let hours = self.number(2), self.take(":"), let minutes = self.number(2),
                hours < 24, minutes < 60
            else { return nil }
            return (isEast ? 1 : -1) * (hours * 60 + minutes)
        }

        private mutating func number(_ count: Int) -> Int64? {
            guard self.place + count <= self.text.count else { return nil }
            var value: Int64 = 0
            for byte in self.text[self.place..<self.place + count] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            self.place += count
            return value
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard self.place < self.text.count, self.text[self.place] == UInt8(ascii: character) else { return false }
            self.place += 1
            return true
        }
    }
}

extension Int64 {
    /// The remainder is never negative.
    fileprivate func dividedDown(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = self.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
