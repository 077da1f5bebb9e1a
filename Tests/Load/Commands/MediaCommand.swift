import ArgumentParser
import AsyncHTTPClient
import ChatAPI
import Foundation
import NIOCore
import NIOHTTP1

/// Media alone under load.
struct MediaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "media",
        abstract: "Puts Media alone under load: what memory and time large files and slow readers cost.",
        subcommands: [Upload.self, Download.self])

    struct Upload: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Large files by tus, over lines that break.",
            discussion: "Fails where a file does not arrive as it was sent, or Media grows by more than --max-growth.")
        @OptionGroup var options: MediaOptions
        @Option(help: "MiB of each file.") var size = 2_048
        @Option(help: "Files at once.") var files = 1
        @Option(help: "How often the line of each breaks.") var interruptions = 10
        @Option(help: "In how many of the breaks Media is killed (kill -9) and started again.") var kills = 0
        @Option(help: "MiB by which Media may grow.") var maxGrowth = 64

        func validate() throws {
            guard (1...8_192).contains(self.size), (1...64).contains(self.files),
                (0...1_000).contains(self.interruptions),
                self.kills <= self.interruptions, self.kills == 0 || self.files == 1
            else { throw ValidationError("--size is 1 to 8192, --files 1 to 64, and only one file is killed under") }
        }

        func run() async throws {
            let bytes = Int64(self.size) << 20
            let growth = try await StartedMedia.with(self.options) { media in
                // What a first upload needs of code and connections is not what a file costs.
                _ = try await MediaUpload(
                    media: media, pattern: Pattern(size: 1 << 20, seed: 99), user: UserID(1), breaks: []
                ).run()
                let load = ProcessUsage.loadAverage
                let (before, cpu) = (await media.memory, await media.cpu)
                let peak = Peak(media)
                let results = try await withThrowingTaskGroup(of: MediaUpload.Result.self) { group in
                    for file in 0..<self.files {
                        group.addTask {
                            let upload = MediaUpload(
                                media: media, pattern: Pattern(size: bytes, seed: UInt64(file + 1)),
                                user: UserID(Int64(file + 1)), breaks: self.breaks(bytes))
                            let result = try await upload.run()
                            guard try await upload.isWhole(result.url) else {
                                throw RunError("it is not what was sent")
                            }
                            return result
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                let growth = await peak.end() - before
                let seconds = results.map(\.seconds).max() ?? 0
                let all = Double(bytes) * Double(self.files)
                print(
                    """
                    \(self.files) × \(self.size) MiB by tus, \(results.map(\.interruptions).reduce(0, +)) interruptions, \
                    \(self.kills) kills; load before \(load)
                    arrived whole after \(seconds.shown) s, \((all / seconds / 1e6).shown) MB/s; the last part took \
                    \((results.map(\.finishing).max() ?? 0).shown) s
                    memory of Media: \(before.mebibytes) MiB before, at most \((before + growth).mebibytes) MiB: \
                    \(growth.mebibytes) MiB more\(self.kills > 0 ? "" : "; CPU \((await media.cpu - cpu).shown) s")
                    """)
                return growth
            }
            guard growth <= self.maxGrowth << 20 else {
                throw RunError("Media grew by more than \(self.maxGrowth) MiB")
            }
        }

        /// Spread over the file, at places that are no block's end.
        private func breaks(_ bytes: Int64) -> [(at: Int64, kills: Bool)] {
            (0..<self.interruptions).map { number in
                let step = bytes / Int64(self.interruptions + 1)
                return (
                    at: step * Int64(number + 1) + Int64.random(in: 1..<max(2, step / 2)), kills: number < self.kills
                )
            }
        }
    }

    struct Download: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One who reads fast beside many who read slowly.",
            discussion: """
                Reads alone, beside the slow ones, and alone again, --rounds times; fails where the fast one has less than \
                --min-share of what it has alone, or a slow one is cut off.
                """)
        @OptionGroup var options: MediaOptions
        @Option(help: "MiB of the file.") var size = 256
        @Option(help: "Connections that read slowly.") var slow = 1_000
        @Option(help: "KiB per second that each of them reads.") var slowRate = 8
        @Option(help: "Seconds of each measurement.") var duration = 5.0
        @Option(help: "Seconds that the slow ones have to fill what the kernel holds for them.") var settle = 5.0
        @Option(help: "Rounds.") var rounds = 3
        @Option(help: "Share of its speed that the fast one must keep.") var minShare = 0.9

        func validate() throws {
            guard (1...4_096).contains(self.size), (1...10_000).contains(self.slow),
                (1...1_024).contains(self.slowRate),
                (1...20).contains(self.rounds), self.duration > 0, (0...60).contains(self.settle),
                (0...1).contains(self.minShare)
            else { throw ValidationError("a number is out of bounds") }
        }

        func run() async throws {
            let share = try await StartedMedia.with(self.options) { media in try await self.measure(media) }
            guard share >= self.minShare else { throw RunError("the fast one kept \(share.shown) of its speed") }
        }

        /// - Returns: the median of the rounds' shares.
        private func measure(_ media: StartedMedia) async throws -> Double {
            let upload = MediaUpload(
                media: media, pattern: Pattern(size: Int64(self.size) << 20, seed: 1), user: UserID(1), breaks: [])
            let url = try await upload.run().url
            let authorization = try media.authorization(of: UserID(1))
            let path = String(url.dropFirst("http://\(media.target.host):\(media.target.port)".count))
            let load = ProcessUsage.loadAverage
            _ = try await self.fast(url, authorization)
            var (shares, growths): ([Double], [Int]) = ([], [])
            for round in 1...self.rounds {
                let before = try await self.fast(url, authorization)
                let memory = await media.memory
                let readers = SlowReaders()
                try await readers.start(
                    self.slow, media.target, path: path, authorization: authorization,
                    bytesPerSecond: self.slowRate * 1_024)
                let deadline = ContinuousClock.now + .seconds(30)
                while readers.counts.answered < self.slow, ContinuousClock.now < deadline {
                    try await Task.sleep(for: .milliseconds(50))
                }
                try await Task.sleep(for: .seconds(self.settle))
                let beside = try await self.fast(url, authorization)
                growths.append(await media.memory - memory)
                let counts = readers.counts
                guard counts.answered == self.slow, counts.closed == 0 else {
                    throw RunError(
                        "of \(self.slow) slow ones \(counts.answered) were answered, \(counts.closed) cut off")
                }
                await readers.stop()
                let after = try await self.fast(url, authorization)
                shares.append(beside * 2 / (before + after))
                print(
                    """
                    round \(round): alone \((before / 1e6).shown) and \((after / 1e6).shown) MB/s, beside \(self.slow) slow ones \
                    \((beside / 1e6).shown) MB/s: \((shares.last ?? 0).shown); memory \((growths.last ?? 0).mebibytes) MiB more, \
                    \((growths.last ?? 0) / self.slow / 1_024) KiB each
                    """)
            }
            let median = shares.sorted()[shares.count / 2]
            print("load before \(load); median of the shares \(median.shown)")
            return median
        }

        /// Bytes per second.
        private func fast(_ url: String, _ authorization: String) async throws -> Double {
            let start = ContinuousClock.now
            var bytes = 0
            while (ContinuousClock.now - start) / .seconds(1) < self.duration {
                var request = HTTPClientRequest(url: url)
                request.headers.add(name: "authorization", value: authorization)
                let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
                guard answer.status == .ok else { throw RunError("a download was refused: \(answer.status)") }
                for try await chunk in answer.body {
                    bytes += chunk.readableBytes
                    if (ContinuousClock.now - start) / .seconds(1) >= self.duration { break }
                }
            }
            return Double(bytes) / ((ContinuousClock.now - start) / .seconds(1))
        }
    }
}

struct MediaOptions: ParsableArguments, Sendable {
    @Option(help: "The service.") var mediaBinary = ".build/release/Media"
    @Option(help: "Where its files and its database are, on a disk with room for them.") var directory = "/tmp"
    @Option(help: ArgumentHelp("A key of its environment.", valueName: "KEY=VALUE")) var mediaEnv: [String] = []
    @Option(help: "Where it may run, as taskset -c takes it.") var mediaCpus: String?
    @Option(help: "Where its database may run.") var clientCpus: String?
}

/// The most memory that Media holds, looked at twenty times a second.
private actor Peak {
    private var most = 0
    private var task: Task<Void, Never>?
    private let media: StartedMedia

    init(_ media: StartedMedia) {
        self.media = media
        Task { await self.begin() }
    }

    private func begin() {
        self.task = Task {
            while !Task.isCancelled {
                await self.look()
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private func look() async { self.most = max(self.most, await self.media.memory) }

    func end() async -> Int {
        await self.look()
        self.task?.cancel()
        return self.most
    }
}

extension Double {
    fileprivate var shown: String { String(format: self < 10 ? "%.2f" : "%.0f", self) }
}

extension Int {
    fileprivate var mebibytes: String { String(format: "%.1f", Double(self) / 1_048_576) }
}
