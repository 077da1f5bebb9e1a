import Synchronization

/// Where the other nodes take requests for their sessions.
///
/// Hearing a node announce itself is the registry. An entry goes when connecting to it fails, not when announcements
/// stop: the bus may be down while the nodes are not.
///
/// `Sendable`: event loops ask, whoever hears the bus tells; behind a `Mutex`.
package final class NodeRegistry: Sendable {
    package struct Address: Hashable, Sendable {
        package var host: String
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    private struct Entry {
        var address: Address
        var turn: UInt64
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var turn: UInt64 = 0
    }

    /// Nodes that ended without anybody having looked for them are forgotten from here on, the longest silent first.
    private static let maxNodes = 1_024
    private let state = Mutex(State())

    package init() {}

    /// A node of this tag says that it listens there. What is no tag is ignored.
    package func heard(_ tag: String, at address: Address) {
        guard SessionID.isNodeTag(tag) else { return }
        self.state.withLock { state in
            state.turn += 1
            if state.entries[tag] == nil {
                // Tags are made anew at each start: whoever listened there before is no more.
                state.entries = state.entries.filter { $0.value.address != address }
                if state.entries.count >= Self.maxNodes,
                    let silent = state.entries.min(by: { $0.value.turn < $1.value.turn })
                {
                    state.entries[silent.key] = nil
                }
            }
            state.entries[tag] = Entry(address: address, turn: state.turn)
        }
    }

    func address(of tag: String) -> Address? { self.state.withLock { $0.entries[tag]?.address } }

    /// Nobody answers there.
    func forget(_ tag: String, at address: Address) {
        self.state.withLock { state in
            if state.entries[tag]?.address == address { state.entries[tag] = nil }
        }
    }
}
