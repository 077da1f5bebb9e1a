import ChatAPI
import Foundation

/// Reads JSON of one known form, in a tenth of a decoder's time. Whatever is not of that form reads as `nil`: that is for the
/// decoder, which also says what is wrong.
package struct JSONReader {
    private let bytes: [UInt8]
    private var place = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var isAtEnd: Bool { self.place == self.bytes.count }

    package mutating func take(_ text: StaticString) -> Bool {
        let end = self.place + text.utf8CodeUnitCount
        guard end <= self.bytes.count,
            self.bytes[self.place..<end].elementsEqual(
                UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        else { return false }
        self.place = end
        return true
    }

    /// `[…,…]`, also with a space behind each comma.
    package mutating func array<Element>(_ element: (inout JSONReader) -> Element?) -> [Element]? {
        guard self.take("[") else { return nil }
        var elements: [Element] = []
        if self.take("]") { return elements }
        repeat {
            _ = self.take(" ")
            guard let element = element(&self) else { return nil }
            elements.append(element)
        } while self.take(",")
        return self.take("]") ? elements : nil
    }

    package mutating func users() -> [UserID]? {
        self.array { text in text.integer().flatMap { UserID(rawValue: $0) } }
    }

    /// Digits alone, the first of several not 0.
    package mutating func integer() -> Int64? {
        let start = self.place
        var value: Int64 = 0
        while self.place < self.bytes.count, self.place - start < 18,
            case let digit = self.bytes[self.place], (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit)
        {
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
            self.place += 1
        }
        let count = self.place - start
        return count == 0 || (count > 1 && self.bytes[start] == UInt8(ascii: "0")) ? nil : value
    }

    /// One with escapes is left to the decoder, alone.
    package mutating func string() -> String? {
        guard self.take("\"") else { return nil }
        let start = self.place
        var isEscaped = false
        while self.place < self.bytes.count {
            let byte = self.bytes[self.place]
            self.place += 1
            switch byte {
            case UInt8(ascii: "\""):
                if isEscaped {
                    return try? JSONDecoder().decode(String.self, from: Data(self.bytes[start - 1..<self.place]))
                }
                return String(validating: self.bytes[start..<self.place - 1], as: UTF8.self)
            case UInt8(ascii: "\\"):
                isEscaped = true
                self.place += 1
            case ..<0x20: return nil
            default: break
            }
        }
        return nil
    }
}
