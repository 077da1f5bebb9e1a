import ArgumentParser
import ChatAPI
import Foundation
import ServiceKit

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "What is wrong with this deployment, and what to do about it.",
        discussion: """
            Looks at every internal listener: whether it answers and is ready, versions, migrations, feeds, epochs, Redis, \
            clocks, secrets, disks. Fails where there is a problem; warnings alone are borne.
            """)
    @OptionGroup var connection: ConnectionOptions

    private struct Result: Encodable {
        var examinations: [Examination]
        var findings: [Diagnosis.Finding]
    }

    func run() async throws {
        let client = try OperatorClient(self.connection, key: self.connection.key())
        let examinations = await withTaskGroup(of: (Int, Examination).self) { group in
            var number = 0
            for service in ServiceName.allCases {
                for url in client.instances(of: service) {
                    group.addTask { [number] in (number, await Examination.of(service, at: url, by: client)) }
                    number += 1
                }
            }
            var found: [(Int, Examination)] = []
            for await one in group { found.append(one) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
        let diagnosis = Diagnosis(examinations)
        if self.connection.json {
            let encoder = JSONEncoder.teahouse
            encoder.outputFormatting.insert(.prettyPrinted)
            Output.printJSON(
                try encoder.encode(Result(examinations: examinations, findings: diagnosis.findings)))
        } else {
            self.show(examinations, diagnosis)
        }
        if !diagnosis.isHealthy { throw ExitCode.failure }
    }

    private func show(_ examinations: [Examination], _ diagnosis: Diagnosis) {
        var table = Table("SERVICE", "INSTANCE", "URL", "STATE", "VERSION", "UP SINCE")
        for found in examinations {
            let state =
                found.health != .good ? "does not answer" : found.ready == .good ? "ready" : "not ready"
            table.add(
                found.service, found.status?.instance ?? "-", found.url, state, found.status?.version ?? "-",
                found.status.map { "\($0.startedAt)" } ?? "-")
        }
        print(table.text)
        for finding in diagnosis.findings {
            print(
                "\(finding.severity == .problem ? "PROBLEM" : "warning")  \(finding.place): \(Output.clean(finding.what))"
            )
            print("         → \(finding.remedy)")
        }
        print(diagnosis.findings.isEmpty ? "Nothing is wrong." : "")
    }
}
