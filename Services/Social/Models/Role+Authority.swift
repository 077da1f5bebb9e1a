import ChatAPI

extension Role {
    /// Whether this role may rename the group, change its rules and let its members be removed.
    var managesGroup: Bool { self != .member }

    /// Whether this role may remove or mute somebody of that role: everybody only those below.
    func isAbove(_ other: Role) -> Bool { self.rank > other.rank }

    private var rank: Int {
        switch self {
        case .owner: 2
        case .admin: 1
        case .member: 0
        }
    }
}
