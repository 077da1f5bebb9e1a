import ServiceKit

/// What Media is told.
struct MediaConfiguration: ServiceConfiguration {
    let common: CommonConfiguration
    let databaseURL: String
    /// Where the bytes are.
    let directory: String
    let limits: UploadLimits
    /// Bytes that one person may have uploaded.
    let quota: Int

    init(_ keys: ConfigurationKeys) {
        self.common = CommonConfiguration(keys)
        self.databaseURL = keys.database("MEDIA_DATABASE_URL", "the PostgreSQL database with the schema media")
        self.directory = keys.text("MEDIA_DIRECTORY", "the folder that holds the files; made if it is not there")
        self.limits = UploadLimits(
            fileBytes: keys.bytes("MEDIA_MAX_FILE_BYTES", default: 100 << 20, "the largest upload"),
            imageBytes: keys.bytes("MEDIA_MAX_IMAGE_BYTES", default: 20 << 20, "the largest upload that is an image"),
            pixels: keys.int("MEDIA_MAX_PIXELS", default: 50_000_000, "the most pixels of one image"),
            frames: keys.int("MEDIA_MAX_FRAMES", default: 2_000, "the most frames of an animated image"),
            atOnce: keys.int("MEDIA_MAX_UPLOADS", default: 64, in: 1...10_000, "uploads under way at once"))
        self.quota = keys.bytes("MEDIA_QUOTA", default: 4 << 30, "the bytes that one person may upload in all")
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
