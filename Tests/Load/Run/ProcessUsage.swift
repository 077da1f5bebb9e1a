import Foundation

/// What the kernel tells of processes and of this machine's TCP (`proc(5)`); zeros elsewhere than on Linux.
enum ProcessUsage {
    /// Seconds of CPU time of several processes so far.
    static func cpuSeconds(of pids: [Int32]) -> Double {
        pids.reduce(0) { sum, pid in
            guard let fields = Self.status(of: pid), let user = Double(fields[12]), let system = Double(fields[13])
            else { return sum }
            return sum + (user + system) / Self.ticks
        }
    }

    /// Seconds of CPU time so far of a process and its children, also of those that have ended.
    static func cpuSeconds(ofFamilyOf pid: Int32) -> Double {
        guard let fields = Self.status(of: pid) else { return 0 }
        let own = fields[12...15].reduce(0) { $0 + (Double($1) ?? 0) } / Self.ticks
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return own + Self.cpuSeconds(of: processes.compactMap { Int32($0) }.filter { Self.parent(of: $0) == pid })
    }

    static func parent(of pid: Int32) -> Int32? { Self.status(of: pid).flatMap { Int32($0[2]) } }

    /// As the process has named itself.
    static func name(of pid: Int32) -> String? {
        Self.read("/proc/\(pid)/comm")?.trimmingCharacters(in: .whitespacesAndNewlines)
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

    private static var ticks: Double { Double(sysconf(Int32(_SC_CLK_TCK))) }

    /// The fields of `/proc/<pid>/stat` from the end of the name on, which stands in parentheses and may hold anything:
    /// the parent is the 3rd, user and system time the 13th and 14th, those of ended children the 15th and 16th.
    private static func status(of pid: Int32) -> [Substring]? {
        guard let text = Self.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].split(separator: " ")
        return fields.count > 15 ? fields : nil
    }

    private static func read(_ path: String) -> String? {
        // Files of /proc have no size, which `String(contentsOfFile:)` may believe.
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
