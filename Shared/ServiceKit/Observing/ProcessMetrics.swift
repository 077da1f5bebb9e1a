import Foundation
import Glibc

/// The process as the kernel sees it, under the names that Prometheus's own clients use.
enum ProcessMetrics {
    static var text: String {
        var text = ""
        func write(_ name: String, _ kind: String, _ value: Double?) {
            guard let value else { return }
            text += "# TYPE \(name) \(kind)\n\(name) \(value)\n"
        }
        let fields = Self.statistics
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        // proc(5): the fields after the name begin with the third, the state.
        let cpu = fields.flatMap { fields in fields.count > 12 ? (Double(fields[11]), Double(fields[12])) : nil }
        if case (let user?, let system?)? = cpu {
            write("process_cpu_seconds_total", "counter", (user + system) / ticks)
        }
        let pages = fields.flatMap { $0.count > 21 ? Double($0[21]) : nil }
        write("process_resident_memory_bytes", "gauge", pages.map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) })
        let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        write("process_open_fds", "gauge", open.map(Double.init))
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            write("process_max_fds", "gauge", Double(limit.rlim_cur))
        }
        write("process_start_time_seconds", "gauge", Self.start)
        return text
    }

    private static let start: Double? = {
        guard let fields = Self.statistics, fields.count > 19, let ticks = Double(fields[19]),
            let boot = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8))?
                .split(separator: "\n").first(where: { $0.hasPrefix("btime ") }).flatMap({ Double($0.dropFirst(6)) })
        else { return nil }
        return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }()

    /// What stands behind the name, which may hold spaces and parentheses, in `/proc/self/stat`.
    private static var statistics: [Substring]? {
        guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return nil }
        return stat[stat.index(after: end)...].split(separator: " ")
    }
}
