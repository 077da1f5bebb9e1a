import Foundation
import ServiceKit

/// What Media is told.
struct MediaConfiguration: ServiceConfiguration {
    /// Where finished files go.
    enum Store: Sendable {
        case folder(String)
        case s3(S3Location, S3Credentials)
    }

    let common: CommonConfiguration
    let databaseURL: String
    /// Where uploads are until they are whole.
    let directory: String
    let store: Store
    let limits: UploadLimits
    let quota: UploadQuota
    /// How long an upload that comes in parts waits for the next.
    let uploadLifetime: Duration
    /// Says whether a file may be kept.
    let scanCommand: String?
    let scanTimeout: Duration
    let scansAtOnce: Int

    init(_ keys: ConfigurationKeys) {
        self.common = CommonConfiguration(keys)
        self.databaseURL = keys.database("MEDIA_DATABASE_URL", "the PostgreSQL database with the schema media")
        self.directory = keys.text(
            "MEDIA_DIRECTORY",
            "the folder for uploads until they are whole, and unless MEDIA_STORE says otherwise for the files; made if it "
                + "is not there")
        self.store = Self.store(keys, directory: self.directory)
        self.limits = UploadLimits(
            fileBytes: keys.bytes("MEDIA_MAX_FILE_BYTES", default: 100 << 20, "the largest upload"),
            imageBytes: keys.bytes("MEDIA_MAX_IMAGE_BYTES", default: 20 << 20, "the largest upload that is an image"),
            pixels: keys.int("MEDIA_MAX_PIXELS", default: 50_000_000, "the most pixels of one image"),
            frames: keys.int("MEDIA_MAX_FRAMES", default: 2_000, "the most frames of an animated image"),
            atOnce: keys.int(
                "MEDIA_MAX_UPLOADS", default: 64, in: 1...10_000, "requests that bring bytes of uploads at once"))
        self.quota = UploadQuota(
            bytes: keys.bytes("MEDIA_QUOTA", default: 4 << 30, "the bytes that one person may upload in all"),
            uploads: keys.int(
                "MEDIA_MAX_UPLOADS_PER_USER", default: 100, in: 1...10_000, "unfinished uploads of one person"))
        self.uploadLifetime = keys.duration(
            "MEDIA_UPLOAD_LIFETIME", default: .seconds(86_400), "how long an upload in parts waits for the next one")
        self.scanCommand = keys.optionalText(
            "MEDIA_SCAN_COMMAND",
            "a command, given the path of each file before it is stored: it ends with 0 where the file may be kept, with 1 "
                + "where not; its first word is a path")
        self.scanTimeout = keys.duration("MEDIA_SCAN_TIMEOUT", default: .seconds(60), "how long that may take")
        self.scansAtOnce = keys.int("MEDIA_SCANS", default: 2, in: 1...64, "how many of them run at once")
        if let command = self.scanCommand, !command.hasPrefix("/") {
            keys.problem("MEDIA_SCAN_COMMAND", "does not begin with a path")
        }
    }

    private static func store(_ keys: ConfigurationKeys, directory: String) -> Store {
        let address = keys.optionalText(
            "MEDIA_STORE",
            "where the files go: file:///folder, on the file system of MEDIA_DIRECTORY, or "
                + "s3://bucket/prefix?endpoint=https://host&region=name")
        let id = keys.optionalText("MEDIA_S3_ACCESS_KEY_ID", "the key that requests to an S3 store are signed with")
        let secret = keys.optionalText("MEDIA_S3_SECRET_ACCESS_KEY", "its secret")
        let token = keys.optionalText("MEDIA_S3_SESSION_TOKEN", "what belongs to a key that holds for a while")
        guard let address else { return .folder(directory) }
        if address.hasPrefix("file:///") { return .folder(String(address.dropFirst("file://".count))) }
        guard let location = S3Location(address) else {
            keys.problem("MEDIA_STORE", "is neither file:///folder nor s3://bucket?endpoint=…&region=…")
            return .folder(directory)
        }
        guard let id, let secret else {
            keys.problem("MEDIA_STORE", "needs MEDIA_S3_ACCESS_KEY_ID and MEDIA_S3_SECRET_ACCESS_KEY")
            return .folder(directory)
        }
        return .s3(location, S3Credentials(id: id, secret: secret, sessionToken: token))
    }
}

/// How much is taken.
struct UploadLimits: Sendable {
    var fileBytes = 100 << 20
    var imageBytes = 20 << 20
    var pixels = 50_000_000
    var frames = 2_000
    var atOnce = 64
}
