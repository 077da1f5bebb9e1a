import NIOSSL

/// TLS between the services: what the internal listener shows, and whom calls to `https` URLs believe.
package struct InternalTLS: Sendable {
    /// `nil`: the internal listener speaks plain HTTP.
    package var server: TLSConfiguration?
    /// For calls to `https` URLs of other services.
    package var client = TLSConfiguration.makeClientConfiguration()

    init(_ keys: ConfigurationKeys) {
        let certificate = keys.optionalText(
            "INTERNAL_TLS_CERTIFICATE",
            "file with this service's certificate and those above it (PEM); with it the internal listener speaks TLS")
        let key = keys.optionalText("INTERNAL_TLS_KEY", "file with the certificate's key (PEM)")
        let authority = keys.optionalText(
            "INTERNAL_TLS_AUTHORITY",
            "file with the certificates (PEM) that vouch for services at https URLs; by default the system's")
        if (certificate == nil) != (key == nil) {
            keys.problem(
                certificate == nil ? "INTERNAL_TLS_CERTIFICATE" : "INTERNAL_TLS_KEY", "is missing beside the other")
        }
        if let authority {
            do {
                self.client.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority))
            } catch {
                keys.problem("INTERNAL_TLS_AUTHORITY", "cannot be read: \(error)")
            }
        }
        if let certificate, let key { self.server = Self.server(certificate, key, keys) }
    }

    private static func server(_ certificate: String, _ key: String, _ keys: ConfigurationKeys) -> TLSConfiguration? {
        do {
            let configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
            // A key of another certificate is found here, and not by the first who calls.
            _ = try NIOSSLContext(configuration: configuration)
            return configuration
        } catch {
            keys.problem("INTERNAL_TLS_CERTIFICATE", "cannot be used: \(error)")
            return nil
        }
    }
}
