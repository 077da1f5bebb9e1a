/// How an image is turned and mirrored before it is shown: the one thing of Exif that a picture needs.
///
/// Values as in TIFF 6.0, tag 274: 1 is upright, 5 to 8 lie on their side.
struct ImageOrientation: Hashable, Sendable {
    static let upright = ImageOrientation(value: 1)
    let value: UInt8

    private init(value: UInt8) { self.value = value }

    /// Reads it out of Exif (CIPA DC-008 §4.5), with or without the introduction that JPEG gives it.
    ///
    /// - Returns: `nil` where it says nothing that could be understood.
    init?(exif: [UInt8]) {
        let tiff = exif.starts(with: Self.introduction) ? Array(exif.dropFirst(6)) : exif
        let isBig: Bool
        switch tiff.prefix(4) {
        case [0x4D, 0x4D, 0, 42]: isBig = true
        case [0x49, 0x49, 42, 0]: isBig = false
        default: return nil
        }
        func number(_ place: Int, _ count: Int) -> Int? {
            guard place >= 0, place + count <= tiff.count else { return nil }
            let bytes = tiff[place..<place + count]
            return (isBig ? Array(bytes) : bytes.reversed()).reduce(0) { $0 << 8 | Int($1) }
        }
        guard let directory = number(4, 4), let count = number(directory, 2) else { return nil }
        for entry in 0..<count {
            let place = directory + 2 + 12 * entry
            guard let tag = number(place, 2), let type = number(place + 2, 2) else { return nil }
            guard tag == 0x0112, type == 3 else { continue }
            guard let value = number(place + 8, 2), (1...8).contains(value) else { return nil }
            self.value = UInt8(value)
            return
        }
        return nil
    }

    /// Width is height and height is width when it is shown.
    var swapsSides: Bool { self.value >= 5 }

    /// Exif that says this and nothing else.
    var exif: [UInt8] {
        [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, self.value, 0, 0, 0, 0, 0, 0]
    }

    /// What stands before Exif in JPEG's APP1.
    static let introduction = Array("Exif\0\0".utf8)
}
