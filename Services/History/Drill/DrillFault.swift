#if DEBUG
    import ChatAPI
    import Foundation
    import ServiceKit
    import Synchronization

    /// Mistakes that the drill plants here, to see that its checker finds them: in debug builds and local mode only, by
    /// `HISTORY_DRILL_FAULT`.
    enum DrillFault: String, CaseIterable, Sendable {
        case none
        /// Entries are on the bus before their transaction commits, or fails.
        case publishBeforeCommit
        /// Client ids are known by a memory of 30 s in place of the table.
        case duplicatesInMemory

        init(_ keys: ConfigurationKeys) {
            let name = "HISTORY_DRILL_FAULT"
            self = keys.choice(name, default: .none, "a mistake, planted for the drill; not in release builds")
            if self != .none, keys.mode != .local { keys.problem(name, "is for local mode only") }
        }
    }

    /// ``DrillFault/publishBeforeCommit``, ``DrillFault/duplicatesInMemory``: both around ``BatchWriter``'s storing.
    ///
    /// Shared by all lanes: what changes is behind a lock.
    final class DrillFaults: Sendable {
        private struct Client: Hashable {
            let chatroom: ChatroomID
            let sender: UserID
            let id: UUID
        }

        let fault: DrillFault
        let heads: HeadStore
        private let remembered = Mutex<[Client: (at: ContinuousClock.Instant, outcome: AppendOutcome)]>([:])

        init(_ fault: DrillFault, heads: HeadStore) {
            self.fault = fault
            self.heads = heads
        }

        func write(
            _ drafts: [PreparedDraft], publishingBy publisher: EntryPublisher,
            _ store: ([PreparedDraft]) async -> [BatchWriter.Outcome]
        ) async -> [BatchWriter.Outcome] {
            switch self.fault {
            case .none: return await store(drafts)
            case .publishBeforeCommit:
                await self.publish(drafts, by: publisher)
                return await store(drafts)
            case .duplicatesInMemory: return await self.storeByMemory(drafts, store)
            }
        }

        /// With the seqs they will have, if nothing comes in between.
        private func publish(_ drafts: [PreparedDraft], by publisher: EntryPublisher) async {
            guard var heads = try? await self.heads.heads(of: drafts.map(\.draft.chatroom)) else { return }
            var entries: [Entry] = []
            for draft in drafts {
                let seq = heads[draft.draft.chatroom, default: 0] + 1
                heads[draft.draft.chatroom] = seq
                entries.append(
                    Entry(
                        chatroom: draft.draft.chatroom, seq: seq, ordinal: seq,
                        content: .message(draft.stored, sender: draft.draft.sender, clientId: draft.draft.clientId),
                        createdAt: .now))
            }
            await publisher.publish(entries)
            // Time for the transaction to fail in.
            try? await Task.sleep(for: .milliseconds(200))
        }

        private func storeByMemory(
            _ drafts: [PreparedDraft], _ store: ([PreparedDraft]) async -> [BatchWriter.Outcome]
        ) async -> [BatchWriter.Outcome] {
            var outcomes: [BatchWriter.Outcome] = []
            for draft in drafts {
                let client = Client(
                    chatroom: draft.draft.chatroom, sender: draft.draft.sender, id: draft.draft.clientId)
                let known = self.remembered.withLock { $0[client] }
                if let known, known.at.duration(to: .now) < .seconds(30) {
                    outcomes.append(.success(known.outcome))
                    continue
                }
                // The table knows it by an id that never comes again.
                let stored = await store([draft.forgettable])
                outcomes += stored
                if case .success(let outcome)? = stored.first {
                    self.remembered.withLock { $0[client] = (.now, outcome) }
                }
            }
            return outcomes
        }
    }

    extension BatchWriter {
        func planting(_ fault: DrillFault, heads: HeadStore) -> BatchWriter {
            var writer = self
            writer.drill = fault == .none ? nil : DrillFaults(fault, heads: heads)
            return writer
        }
    }

    extension PreparedDraft {
        fileprivate var forgettable: PreparedDraft {
            PreparedDraft(draft: MessageDraft(forgetting: self.draft), stored: self.stored, body: self.body)
        }

        private init(draft: MessageDraft, stored: StoredMessage, body: String) {
            self.draft = draft
            self.stored = stored
            self.body = body
        }
    }

    extension MessageDraft {
        fileprivate init(forgetting draft: MessageDraft) {
            self.chatroom = draft.chatroom
            self.sender = draft.sender
            self.clientId = UUID()
            self.body = draft.body
            self.digest = draft.digest
        }
    }
#endif
