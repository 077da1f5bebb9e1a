import Foundation

/// What the kernel tells of processes and of this machine's TCP (`proc(5)`); zeros elsewhere than on Linux.
enum ProcessUsage {
    /// Seconds of CPU time of several processes so far.
    static func cpuSeconds(of pids: [Int32]) -> Double {
        pids.reduce(0) { sum, pid in
            // The name, in parentheses, may hold anything; user and system time are the 12th and 13th field behind it.
            guard let text = Self.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return sum }
            let fields = text[end...].split(separator: " ")
            guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return sum }
            return sum + (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }
    }

    /// Bytes of memory of several processes, what they share counted in parts (PSS).
    static func memoryBytes(of pids: [Int32]) -> Int {
        pids.reduce(0) { sum, pid in
            guard let text = Self.read("/proc/\(pid)/smaps_rollup"),
                let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Pss:") }),
                let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
            else { return sum }
            return sum + kilobytes * 1_024
        }
    }

    /// Of the last minute.
    static var loadAverage: Double {
        Self.read("/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) } ?? 0
    }

    /// SYNs that were sent again, over the whole machine: connections that a full backlog made wait for a second.
    static var repeatedSYNs: Int {
        guard let text = Self.read("/proc/net/netstat") else { return 0 }
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("TcpExt:") }.map { $0.split(separator: " ") }
        guard lines.count == 2, let place = lines[0].firstIndex(of: "TCPSynRetrans") else { return 0 }
        return Int(lines[1][place]) ?? 0
    }

    private static func read(_ path: String) -> String? {
        // Files of /proc have no size, which `String(contentsOfFile:)` may believe.
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
