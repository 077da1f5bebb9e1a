import ChatAPI
import Foundation
import Testing

struct TimestampTests {
    @Test func `a time is written with its milliseconds and read as the same time`() throws {
        #expect(Timestamp(milliseconds: 1_764_000_000_123).description == "2025-11-24T16:00:00.123Z")
        var wrong: [Int64] = []
        // Every millisecond of a second, and seconds far apart.
        for second in [0, 951_782_400, 1_764_000_000, 4_102_444_799] as [Int64] {
            for millisecond in 0..<1_000 as Range<Int64> {
                let time = Timestamp(milliseconds: second * 1_000 + millisecond)
                if Timestamp(time.description) != time { wrong.append(time.milliseconds) }
            }
        }
        #expect(wrong == [])
    }

    @Test func `a time without a fraction is read; other text is not`() {
        #expect(Timestamp("2025-11-24T16:00:00Z") == Timestamp(milliseconds: 1_764_000_000_000))
        #expect(Timestamp("yesterday") == nil)
        #expect(Timestamp("") == nil)
    }

    @Test(arguments: [
        ("2026-11-23T05:12:00.123Z", 1_795_410_720_123), ("1970-01-01T00:00:00.000Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2026-02-28T23:59:59.001Z", 1_772_323_199_001),
    ]) func `a time is RFC 3339 in UTC with milliseconds`(text: String, milliseconds: Int64) throws {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
        let decoded = try JSONDecoder().decode([Timestamp].self, from: Data("[\"\(text)\"]".utf8))
        #expect(decoded == [Timestamp(milliseconds: milliseconds)])
    }

    @Test(arguments: [
        "", "now", "2026-11-23", "2026-13-01T00:00:00.000Z", "1795410720123", "2026-11-23T25:00:00.000Z",
        "2026-02-29T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00+0800",
        "٢٠٢٦-01-01T00:00:00Z",
    ])
    func `what is not a time is none`(text: String) { #expect(Timestamp(text) == nil) }

    @Test func `a time of another zone is the same moment`() {
        let time = Timestamp("2026-11-23T05:12:00.123Z")
        #expect(Timestamp("2026-11-23T13:12:00.123+08:00") == time)
        #expect(Timestamp("2026-11-22T23:42:00.123456-05:30") == time)
    }

    @Test func `days are those of the calendar, leap years and all`() {
        let foundation = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        // From 1600 on; before 1582 Foundation counts by the Julian calendar.
        for day in stride(from: Int64(-135_000), to: 2_900_000, by: 331) {
            let time = Timestamp(milliseconds: day * 86_400_000)
            #expect(time.description == time.date.formatted(foundation))
            #expect(Timestamp(time.description) == time)
        }
        #expect(Timestamp("2024-02-29T00:00:00Z") != nil)
        #expect(Timestamp("1900-02-29T00:00:00Z") == nil)
        #expect(Timestamp("2000-02-29T00:00:00Z") != nil)
    }
}
