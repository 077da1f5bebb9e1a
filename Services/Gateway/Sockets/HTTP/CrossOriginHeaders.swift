import NIOHTTP1

extension CrossOrigin {
    /// What goes with every answer to a request of this origin, errors and 101 included.
    func headers(origin: String?) -> [(String, String)] {
        switch self {
        case .off: return []
        case .any: return [("Access-Control-Allow-Origin", "*")]
        case .listed(let origins, let credentials):
            var headers = [("Vary", "Origin")]
            guard let origin, origins.contains(origin) else { return headers }
            headers.append(("Access-Control-Allow-Origin", origin))
            if credentials { headers.append(("Access-Control-Allow-Credentials", "true")) }
            return headers
        }
    }

    /// The answer to a preflight, except for the headers every answer has; `nil` where CORS is off.
    func preflight(_ request: HTTPHeaders) -> HTTPAnswer? {
        guard self != .off else { return nil }
        var answer = HTTPAnswer(status: .noContent)
        answer.headers = [("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE")]
        if let names = request.first(name: "Access-Control-Request-Headers"), names.utf8.allSatisfy(Self.isPrintable) {
            answer.headers.append(("Access-Control-Allow-Headers", names))
        }
        answer.headers.append(("Vary", "Access-Control-Request-Headers"))
        return answer
    }

    /// Whether a value can be a header of ours without breaking out of it.
    static func isPrintable(_ byte: UInt8) -> Bool { (0x20...0x7E).contains(byte) || byte == 0x09 }
}
