import Foundation

/// Directories of this test process, `teahouse-tests-<pid>/…`. Those of processes that have ended are removed by the
/// next, since nothing runs when a test process is killed.
enum TestDirectory {
    private static let prefix = "teahouse-tests-"

    private static let root: Result<URL, any Error> = Result {
        let files = FileManager.default
        let parent = files.temporaryDirectory
        for name in (try? files.contentsOfDirectory(atPath: parent.path)) ?? [] where name.hasPrefix(prefix) {
            guard let pid = pid_t(name.dropFirst(prefix.count)), kill(pid, 0) != 0, errno == ESRCH else { continue }
            try? files.removeItem(at: parent.appending(path: name))
        }
        let root = parent.appending(path: "\(prefix)\(getpid())")
        try files.createDirectory(at: root, withIntermediateDirectories: true)
        // Started by root, the servers run as another user, who has to get to their directories.
        try files.setAttributes([.posixPermissions: 0o711], ofItemAtPath: root.path)
        return root
    }

    static func make(for name: String) throws -> URL {
        let directory = try self.root.get().appending(path: name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory
    }
}
