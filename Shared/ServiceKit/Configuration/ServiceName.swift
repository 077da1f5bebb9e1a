/// The services there are, and the ports they take where nothing else is said.
package enum ServiceName: String, CaseIterable, Sendable {
    case auth, social, history, media, gateway

    package var publicPort: Int { 8001 + self.place }
    package var internalPort: Int { 9001 + self.place }
    var inCapitals: String { self.rawValue.uppercased() }

    private var place: Int {
        switch self {
        case .auth: 0
        case .social: 1
        case .history: 2
        case .media: 3
        case .gateway: 4
        }
    }
}
