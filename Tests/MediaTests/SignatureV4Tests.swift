import Crypto
import Foundation
import Testing

@testable import Media

/// The examples of "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)", S3 API Reference.
@Suite struct SignatureV4Tests {
    struct Example: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var method = "GET"
        var path = "/"
        var query: [(String, String)] = []
        var headers: [(String, String)] = []
        var payload = ""
        var signature: String
    }

    static let examples = [
        Example(
            testDescription: "GET Object", path: "/test.txt", headers: [("Range", "bytes=0-9")],
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Example(
            testDescription: "PUT Object", method: "PUT", path: "/test%24file.text",
            headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            payload: "Welcome to Amazon S3.",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        Example(
            testDescription: "GET Bucket Lifecycle", query: [("lifecycle", "")],
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Example(
            testDescription: "GET Bucket (List Objects)", query: [("prefix", "J"), ("max-keys", "2")],
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ]

    @Test(arguments: Self.examples) func `a request is signed as AWS signs it`(example: Example) throws {
        let signer = SignatureV4(
            credentials: S3Credentials(
                id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), region: "us-east-1")
        let payload = SignatureV4.hex(SHA256.hash(data: Data(example.payload.utf8)))
        let date = Date(timeIntervalSince1970: 1_369_353_600)
        let authorization = signer.authorization(
            example.method, example.path, query: example.query,
            headers: example.headers + [
                ("host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", payload),
                ("x-amz-date", "20130524T000000Z"),
            ], payload: payload, date: date)
        #expect(authorization.hasSuffix("Signature=\(example.signature)"))
        #expect(authorization.contains("Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"))
        #expect(SignatureV4.time(date) == "20130524T000000Z")
    }

    @Test func `a secret is not printed`() {
        let credentials = S3Credentials(id: "ID", secret: "SECRET", sessionToken: "TOKEN")
        for text in ["\(credentials)", String(reflecting: credentials)] {
            #expect(!text.contains("SECRET") && !text.contains("TOKEN"))
        }
    }

    @Test func `a bucket is named by an address`() throws {
        let own = try #require(S3Location("s3://media/a/b?endpoint=http://127.0.0.1:9000&region=eu"))
        #expect(own.endpoint == "http://127.0.0.1:9000" && own.host == "127.0.0.1:9000")
        #expect(own.base == "/media/a/b/" && own.prefix == "a/b/" && own.region == "eu")
        let amazon = try #require(S3Location("s3://media?region=eu-central-1"))
        #expect(amazon.endpoint == "https://s3.eu-central-1.amazonaws.com" && amazon.base == "/media/")
        for text in [
            "s3://", "http://media", "s3://a b", "s3://media?regoin=x", "s3://media?endpoint=host", "s3://media/é",
            "s3://media?endpoint=ftp://host", "s3://user@media", "s3://media?endpoint=http://host/path",
            "s3://media/../x",
        ] {
            #expect(S3Location(text) == nil, "\(text)")
        }
    }
}
