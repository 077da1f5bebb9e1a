import Glibc

/// A command that looks at a file, in a process of its own: whatever the file does to it, it does it there.
enum ChildProcess {
    /// Blocks until the command ends. It has nothing of ours: no open file, no environment.
    ///
    /// - Returns: its status; -1 where it did not run, or was killed.
    static func run(_ command: [String], environment: [String] = []) -> Int32 {
        guard let executable = command.first else { return -1 }
        let arguments = command.map { strdup($0) } + [nil]
        let variables = (["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C"] + environment).map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var actions = posix_spawn_file_actions_t()
        guard posix_spawn_file_actions_init(&actions) == 0 else { return -1 }
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var process: pid_t = 0
        guard posix_spawn(&process, executable, &actions, nil, arguments, variables) == 0 else { return -1 }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { return -1 }
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -1
    }
}
