/// What a user changes of their profile: what is not given stays.
struct ProfileChange: Decodable, Sendable {
    var nickname: String?
    /// A Media URL; `.some(nil)`, on the wire `null`, takes the picture away.
    var avatar: String??
    var bio: String?

    private enum CodingKeys: CodingKey {
        case nickname, avatar, bio
    }

    init(nickname: String? = nil, avatar: String?? = nil, bio: String? = nil) {
        self.nickname = nickname
        self.avatar = avatar
        self.bio = bio
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.nickname = try container.decodeIfPresent(String.self, forKey: .nickname)
        if container.contains(.avatar) {
            self.avatar = .some(try container.decodeIfPresent(String.self, forKey: .avatar))
        }
        self.bio = try container.decodeIfPresent(String.self, forKey: .bio)
    }

    /// What is wrong, by field; nothing if it is empty.
    var problems: [String: String] {
        var problems: [String: String] = [:]
        if let nickname, let problem = Self.problem(withNickname: nickname) { problems["nickname"] = problem }
        if case .some(.some(let avatar)) = self.avatar, !Self.isMediaURL(avatar) {
            problems["avatar"] = "An avatar is the url of an uploaded picture."
        }
        if let bio, !bio.hasLength(0...200) { problems["bio"] = "At most 200 characters." }
        return problems
    }

    static func problem(withNickname nickname: String) -> String? {
        nickname.hasLength(1...50) && !nickname.allSatisfy(\.isWhitespace)
            ? nil : "A nickname has 1 to 50 characters."
    }

    private static func isMediaURL(_ text: String) -> Bool {
        text.hasPrefix("/api/media/files/") && text.utf8.count <= 1_000
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !text.contains("..")
    }
}

extension String {
    /// Whether it has so many characters as people see them. One of very many scalars does not get around it.
    func hasLength(_ lengths: ClosedRange<Int>) -> Bool {
        lengths.contains(self.count) && self.unicodeScalars.count <= lengths.upperBound * 8
    }
}
