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
            let command = self.command + [path, "--output", "\(thumbnail)[Q=75,strip]"]
            guard ChildProcess.run(command, environment: self.environment) == 0 else {
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
    /// Only the decoders that their authors call safe.
    private static let environment = ["VIPS_BLOCK_UNTRUSTED=1"]
}
