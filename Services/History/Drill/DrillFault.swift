#if DEBUG
    import ChatAPI
    import Foundation
    import Postgres
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
        /// Heads are locked by the statement that appends: what it looks up is older than the lock. (And whoever else has
        /// the lock keeps it for a while.)
        case appendInOneStatement

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
        let entries: EntryStore
        private let remembered = Mutex<[Client: (at: ContinuousClock.Instant, outcome: AppendOutcome)]>([:])

        init(_ fault: DrillFault, heads: HeadStore, entries: EntryStore) {
            self.fault = fault
            self.heads = heads
            self.entries = entries
        }

        func write(
            _ drafts: [PreparedDraft], publishingBy publisher: EntryPublisher,
            _ store: ([PreparedDraft]) async -> [BatchWriter.Outcome]
        ) async -> [BatchWriter.Outcome] {
            switch self.fault {
            case .none: return await store(drafts)
            case .appendInOneStatement: return await self.storeInOneStatement(drafts)
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

        /// Whether the sender is a member is looked up in a snapshot that is older than the lock which `UPDATE` takes.
        private func storeInOneStatement(_ drafts: [PreparedDraft]) async -> [BatchWriter.Outcome] {
            var outcomes: [BatchWriter.Outcome] = []
            for draft in drafts {
                let (chatroom, sender) = (draft.draft.chatroom.rawValue, draft.draft.sender.rawValue)
                do {
                    try await self.entries.postgres.execute(
                        """
                        WITH head AS (
                            UPDATE history.chatroom_heads SET seq = seq + 1, ordinal = ordinal + 1
                            WHERE chatroom_id = \(chatroom) AND EXISTS (
                                SELECT FROM history.members
                                WHERE chatroom_id = \(chatroom) AND user_id = \(sender) AND left_seq IS NULL
                            ) AND NOT EXISTS (
                                SELECT FROM history.entries
                                WHERE chatroom_id = \(chatroom) AND sender_id = \(sender)
                                    AND client_id = \(draft.draft.clientId)
                            ) AND pg_sleep(0.05)::text IS NOT NULL
                            RETURNING chatroom_id, seq, ordinal
                        ), stored AS (
                            INSERT INTO history.entries
                                (chatroom_id, seq, ordinal, sender_id, client_id, digest, kind, body)
                            SELECT chatroom_id, seq, ordinal, \(sender), \(draft.draft.clientId), \(draft.draft.digest),
                                'message', \(draft.body)::text::jsonb
                            FROM head RETURNING chatroom_id, seq, ordinal
                        )
                        INSERT INTO history.read_cursors AS c (chatroom_id, user_id, seq, ordinal)
                        SELECT chatroom_id, \(sender), seq, ordinal FROM stored
                        ON CONFLICT (chatroom_id, user_id) DO UPDATE SET seq = excluded.seq, ordinal = excluded.ordinal
                        """)
                    // What became of it is what is stored under its client id.
                    outcomes += try await self.entries.append([draft]).map { .success($0) }
                } catch {
                    outcomes.append(.failure(.unavailable))
                }
            }
            return outcomes
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

    extension MembershipStore {
        func planting(_ fault: DrillFault) -> MembershipStore {
            var store = self
            store.lingers = fault == .appendInOneStatement
            return store
        }
    }

    extension BatchWriter {
        func planting(_ fault: DrillFault, heads: HeadStore) -> BatchWriter {
            var writer = self
            writer.drill = fault == .none ? nil : DrillFaults(fault, heads: heads, entries: self.entries)
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
