import AsyncHTTPClient
import ChatAPI
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import ServiceKit

/// Calls the internal listeners with the operators' key.
struct OperatorClient: Sendable {
    private let urls: [ServiceName: [String]]
    private let key: String
    private let name: String
    private let timeout: TimeAmount
    private let tls: TLSConfiguration?

    init(_ options: ConnectionOptions, key: String) throws {
        self.urls = Dictionary(uniqueKeysWithValues: ServiceName.allCases.map { ($0, options.urls(of: $0)) })
        self.key = key
        self.name = options.operatorName
        self.timeout = .nanoseconds(Int64(options.timeout * 1e9))
        self.tls = try options.tls()
    }

    func instances(of service: ServiceName) -> [String] { self.urls[service] ?? [] }

    /// Calls a service; where one instance is not there, the next.
    ///
    /// - Throws: ``CallFailure``.
    func call(
        _ service: ServiceName, _ method: HTTPMethod, _ path: String, _ body: (some Encodable)? = Nothing?.none
    ) async throws -> Data {
        var failure = CallFailure.unreachable("no URL of \(service.rawValue)")
        for url in self.instances(of: service) {
            do {
                return try await self.call(url, method, path, body)
            } catch let error as CallFailure {
                guard case .unreachable = error else { throw error }
                failure = error
            }
        }
        throw failure
    }

    /// The same at one base URL.
    func call(
        _ url: String, _ method: HTTPMethod, _ path: String, _ body: (some Encodable)? = Nothing?.none
    ) async throws -> Data {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        request.tlsConfiguration = self.tls
        request.headers.add(name: "authorization", value: "Bearer \(self.key)")
        request.headers.add(name: "x-operator", value: self.name)
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONEncoder.teahouse.encode(body)))
        }
        let answer: HTTPClientResponse
        let bytes: ByteBuffer
        do {
            answer = try await HTTPClient.shared.execute(request, timeout: self.timeout)
            bytes = try await answer.body.collect(upTo: 64 << 20)
        } catch {
            throw CallFailure.unreachable("\(url): \(error)")
        }
        let data = Data(bytes.readableBytesView)
        switch answer.status.code {
        case 200..<300: return data
        case 401: throw CallFailure.wrongKey(url)
        default:
            let refusal = try? JSONDecoder().decode(ErrorBody.self, from: data)
            throw CallFailure.refused(Int(answer.status.code), refusal)
        }
    }
}

/// Why a call came to nothing.
enum CallFailure: Error, CustomStringConvertible {
    case unreachable(String)
    case wrongKey(String)
    case refused(Int, ErrorBody?)

    /// By `sysexits.h` where it names one.
    var exitStatus: Int32 {
        switch self {
        case .unreachable: 69
        case .wrongKey: 77
        case .refused(let status, _): status == 503 ? 69 : 1
        }
    }

    var description: String {
        switch self {
        case .unreachable(let why): "not reached: \(why)"
        case .wrongKey(let url): "\(url) does not take this key (OPERATOR_KEY)"
        case .refused(let status, let body):
            if let body {
                body.message + " (\(body.code))"
                    + (body.fields ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key): \($0.value)." }.joined()
            } else {
                "refused with status \(status)"
            }
        }
    }
}
