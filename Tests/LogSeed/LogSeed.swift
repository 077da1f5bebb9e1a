package import Postgres

/// A large log, made in the database by what was sent in no time: chatrooms with their members, entries, heads, read
/// cursors and search index, as History would have left them.
///
/// Numbers follow from `seed` alone (by PostgreSQL's hash functions, which are the same on every machine of one major
/// version). In every chatroom the owner's `created` comes first, then the others' `added`, then messages.
package struct LogSeed: Sendable {
    package var chatrooms: Int64 = 1_000
    package var entries: Int64 = 1_000_000
    package var users: Int64 = 10_000
    /// In how many chatrooms each user is.
    package var chatroomsEach: Int64 = 20
    package var seed: Int64 = 1

    package init() {}

    /// The first chatroom's id and the first user's; the others follow.
    package static let first: Int64 = 1

    package func user(_ number: Int64) -> Int64 { Self.first + number }

    /// The chatrooms of a user, by number from 0 on.
    package func chatrooms(of number: Int64) -> [Int64] {
        (0..<self.chatroomsEach).map { Self.first + (number + $0 * self.stride) % self.chatrooms }
    }

    /// The newest seq of each chatroom.
    package var head: Int64 { self.entries / self.chatrooms }

    private var stride: Int64 { self.chatrooms / self.chatroomsEach }

    /// What is wrong with the sizes, if anything is.
    package var problem: String? {
        guard min(self.chatrooms, self.entries, self.users, self.chatroomsEach) > 0 else { return "sizes are above 0" }
        guard max(self.chatrooms, self.entries, self.users) <= 1_000_000_000 else {
            return "sizes end at 1,000,000,000"
        }
        guard self.chatroomsEach <= self.chatrooms else { return "nobody is in more chatrooms than there are" }
        guard self.entries % self.chatrooms == 0 else { return "every chatroom takes as many entries" }
        let most = (self.users + self.chatrooms - 1) / self.chatrooms * self.chatroomsEach
        guard self.head > most else { return "a chatroom of \(most) members has more entries than that" }
        return nil
    }

    /// Fills a migrated database, in one transaction, and brings its statistics up to date.
    ///
    /// - Throws: ``PostgresError``, a unique violation among them where the chatrooms are there already.
    package func fill(_ postgres: Postgres) async throws {
        precondition(self.problem == nil, "the sizes of a log are checked before")
        try await postgres.transaction { transaction in
            for statement in self.statements { try await transaction.execute(statement) }
        }
        for table in ["chatroom_heads", "members", "entries", "read_cursors", "search_terms", "search_heads"] {
            try await postgres.execute("VACUUM (ANALYZE) \(identifier: "history.\(table)")")
        }
    }

    private var statements: [SQL] {
        [
            """
            CREATE TEMPORARY TABLE crowd (chatroom_id bigint, user_id bigint, rank bigint, count bigint)
            ON COMMIT DROP
            """,
            self.crowd, "CREATE INDEX ON crowd (chatroom_id, rank)", "ANALYZE crowd", self.heads, self.members,
            self.systemEntries, self.messages, self.readCursors,
            """
            INSERT INTO history.search_terms (chatroom_id, seq, terms)
            SELECT chatroom_id, seq, array_to_tsvector(history.terms(body ->> 'content'))
            FROM history.entries
            WHERE kind = 'message' AND chatroom_id BETWEEN \(Self.first) AND \(self.last)
            ORDER BY seq, chatroom_id
            """,
            """
            INSERT INTO history.search_heads (chatroom_id, seq)
            SELECT chatroom_id, \(self.head) FROM generate_series(\(Self.first), \(self.last)) AS chatroom_id
            """,
        ]
    }

    private var last: Int64 { Self.first + self.chatrooms - 1 }

    private var heads: SQL {
        """
        INSERT INTO history.chatroom_heads (chatroom_id, seq, ordinal)
        SELECT c.chatroom_id, \(self.head), \(self.head) - c.count FROM crowd AS c WHERE c.rank = 1
        """
    }

    /// Who is where; `rank` is the place among the members, the owner's is 1.
    private var crowd: SQL {
        """
        INSERT INTO crowd
        SELECT chatroom_id, user_id, rank, max(rank) OVER (PARTITION BY chatroom_id) AS count
        FROM (
            SELECT chatroom_id, user_id, row_number() OVER (PARTITION BY chatroom_id ORDER BY user_id) AS rank
            FROM (
                SELECT \(Self.first) + u AS user_id,
                    \(Self.first) + (u + j * \(self.stride)) % \(self.chatrooms) AS chatroom_id
                FROM generate_series(0, \(self.users) - 1) AS u,
                    generate_series(0, \(self.chatroomsEach) - 1) AS j
            ) AS places
        ) AS ranked
        """
    }

    private var members: SQL {
        """
        INSERT INTO history.members (chatroom_id, user_id, role, joined_seq, from_seq, from_ordinal)
        SELECT chatroom_id, user_id, CASE rank WHEN 1 THEN 'owner' WHEN 2 THEN 'admin' ELSE 'member' END, rank, rank, 0
        FROM crowd ORDER BY chatroom_id, rank
        """
    }

    private var systemEntries: SQL {
        """
        INSERT INTO history.entries (chatroom_id, seq, ordinal, kind, body, created_at)
        SELECT c.chatroom_id, c.rank, 0, 'system',
            CASE c.rank
                WHEN 1 THEN jsonb_build_object('action', 'created', 'by', c.user_id, 'name', 'Chatroom ' || c.chatroom_id)
                ELSE jsonb_build_object('action', 'added', 'userId', c.user_id, 'by', o.user_id)
            END, \(Self.time("c.rank", self.head))
        FROM crowd AS c JOIN crowd AS o ON o.chatroom_id = c.chatroom_id AND o.rank = 1
        ORDER BY c.rank, c.chatroom_id
        """
    }

    /// One of twenty answers an earlier message, one of fifty names somebody. `digest` is that of `MessageDraft`.
    private var messages: SQL {
        """
        INSERT INTO history.entries (chatroom_id, seq, ordinal, sender_id, client_id, digest, kind, body, created_at)
        SELECT chatroom_id, seq, seq - count, sender_id,
            md5(\(self.seed) || ':' || chatroom_id || ':' || seq)::uuid,
            sha256(convert_to('4:text' || octet_length(content) || ':' || content || '-1:'
                || coalesce(length(reply_to::text) || ':' || reply_to, '-1:')
                || coalesce(length(mention::text) || ':' || mention, '-1:'), 'UTF8')),
            'message',
            jsonb_strip_nulls(jsonb_build_object('type', 'text', 'content', content, 'replyTo', reply_to,
                'mentions', CASE WHEN mention IS NOT NULL THEN jsonb_build_array(mention) END)),
            \(Self.time("seq", self.head))
        FROM (
            SELECT o.chatroom_id, s.seq, o.count, sender.user_id AS sender_id, \(self.text) AS content,
                CASE WHEN h % 20 = 0 AND s.seq > o.count + 50 THEN s.seq - 1 - h / 20 % 50 END AS reply_to,
                CASE WHEN h % 50 = 1 THEN named.user_id END AS mention
            FROM crowd AS o
            CROSS JOIN LATERAL generate_series(o.count + 1, \(self.head)) AS s (seq)
            CROSS JOIN LATERAL (
                SELECT hashint8extended(s.seq, hashint8extended(o.chatroom_id, \(self.seed))) & 9007199254740991 AS h
            ) AS hashed
            JOIN crowd AS sender ON sender.chatroom_id = o.chatroom_id AND sender.rank = 1 + h / 1000 % o.count
            JOIN crowd AS named ON named.chatroom_id = o.chatroom_id AND named.rank = 1 + h / 100000 % o.count
            WHERE o.rank = 1
        ) AS said
        ORDER BY seq, chatroom_id
        """
    }

    /// Everybody has read up to somewhere, and up to what they said last at the least.
    private var readCursors: SQL {
        """
        INSERT INTO history.read_cursors (chatroom_id, user_id, seq, ordinal, read_at)
        SELECT chatroom_id, user_id, seq, seq - count, \(Self.time("seq", self.head))
        FROM (
            SELECT c.chatroom_id, c.user_id, c.count, greatest(coalesce(e.seq, 0), c.count
                + (hashint8extended(c.user_id, hashint8extended(c.chatroom_id, \(self.seed))) & 9007199254740991)
                    % (\(self.head) - c.count + 1)) AS seq
            FROM crowd AS c
            LEFT JOIN (
                SELECT chatroom_id, sender_id, max(seq) AS seq FROM history.entries
                WHERE chatroom_id BETWEEN \(Self.first) AND \(self.last)
                GROUP BY chatroom_id, sender_id
            ) AS e ON e.chatroom_id = c.chatroom_id AND e.sender_id = c.user_id
        ) AS read
        """
    }

    /// Sixty of a hundred in Chinese, two to thirteen words, the first words of a list more often than the last.
    private var text: SQL {
        """
        (
            SELECT string_agg(
                CASE WHEN h % 100 < 60 THEN (\(Vocabulary.chinese))[1 + floor(\(Int64(Vocabulary.chinese.count)) * u * u)::int]
                    || CASE WHEN i % 5 = 0 THEN '，' ELSE '' END
                ELSE (\(Vocabulary.english))[1 + floor(\(Int64(Vocabulary.english.count)) * u * u)::int] END,
                CASE WHEN h % 100 < 60 THEN '' ELSE ' ' END ORDER BY i)
            FROM (
                SELECT i, (hashint8extended(h, i) & 9007199254740991) / 9007199254740992.0::float8 AS u
                FROM generate_series(1, 2 + h / 7 % 12) AS i
            ) AS words
        )
        """
    }

    /// A year from 2026 on, in the order of the seqs.
    private static func time(_ seq: SQL, _ head: Int64) -> SQL {
        "'2026-01-01T00:00:00Z'::timestamptz - interval '365 days' * (1 - \(seq)::float8 / \(head))"
    }
}
