import Foundation
import Glibc

/// Times as headers have them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    static func text(_ date: Date) -> String {
        let parts = UTCParts(date)
        return "\(self.days[parts.weekday]), \(parts.two(parts.day)) \(self.months[parts.month - 1]) \(parts.year) "
            + "\(parts.two(parts.hour)):\(parts.two(parts.minute)):\(parts.two(parts.second)) GMT"
    }
}

/// A time's parts in UTC.
struct UTCParts {
    let year, month, day, hour, minute, second, weekday: Int

    init(_ date: Date) {
        // Within years of four digits, as only our own clocks come here.
        var seconds = time_t(min(max(date.timeIntervalSince1970, 0), 253_402_300_799).rounded(.down))
        var parts = tm()
        gmtime_r(&seconds, &parts)
        self.year = Int(parts.tm_year) + 1900
        self.month = Int(parts.tm_mon) + 1
        self.day = Int(parts.tm_mday)
        self.hour = Int(parts.tm_hour)
        self.minute = Int(parts.tm_min)
        self.second = Int(parts.tm_sec)
        self.weekday = Int(parts.tm_wday)
    }

    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
