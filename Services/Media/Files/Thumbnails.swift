import Glibc
import NIOPosix

/// Makes small images of large ones with libvips, in a process of its own: whatever a file does to the decoder, it does it
/// there, within limits of memory, time and size.
enum Thumbnails {
    static let type = "image/webp"
    /// The longer side of a thumbnail, in pixels.
    private static let side = 480
    /// A process each: more would only share the same processors.
    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return pool
    }()

    /// Whether an image is so large that a smaller one saves anything.
    static func isWorthwhile(_ upload: Upload) -> Bool {
        max(upload.width ?? 0, upload.height ?? 0) > self.side || upload.size > 128 * 1024
    }

    /// - Returns: the path of the thumbnail, beside the image; `nil` where the image cannot be made out.
    static func make(of path: String) async -> String? {
        let thumbnail = path + ".webp"
        let isMade = try? await self.threads.runIfActive {
            guard self.run(self.command + [path, "--output", "\(thumbnail)[Q=75,strip]"]) == 0 else {
                unlink(thumbnail)
                return false
            }
            return true
        }
        return isMade == true ? thumbnail : nil
    }

    /// Ten seconds by the clock and of a processor, 1 GiB of memory, 4 MiB written; the picture upright, of an animation
    /// the first.
    private static let command = [
        "/usr/bin/timeout", "--kill-after=1", "10", "prlimit", "--as=1073741824",
        "--cpu=10", "--fsize=4194304", "--core=0",
        "--", "vipsthumbnail", "--vips-concurrency=1", "--size", "\(side)x\(side)>",
    ]
    /// Nothing of ours; and only the decoders that their authors call safe.
    private static let environment = ["PATH=/usr/bin:/bin", "LC_ALL=C", "VIPS_BLOCK_UNTRUSTED=1"]

    /// Blocks until the command ends.
    ///
    /// - Returns: its status; -1 where it did not run, or was killed.
    private static func run(_ command: [String]) -> Int32 {
        let arguments = command.map { strdup($0) } + [nil]
        let environment = self.environment.map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var actions = posix_spawn_file_actions_t()
        guard posix_spawn_file_actions_init(&actions) == 0 else { return -1 }
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var process: pid_t = 0
        guard posix_spawn(&process, command[0], &actions, nil, arguments, environment) == 0 else { return -1 }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { return -1 }
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -1
    }
}
