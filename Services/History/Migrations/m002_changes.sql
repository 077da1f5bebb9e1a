-- What happens to messages after they were sent: edits, recalls, reactions, each an entry of the log.

-- target_seq: the message that an edit, a recall or a reaction is about.
-- edited_seq, of a message: its last edit. The message's own body stays as it was sent, and every edit keeps its own,
-- until a recall empties all of them.
ALTER TABLE history.entries
    ADD COLUMN target_seq bigint,
    ADD COLUMN edited_seq bigint,
    ADD CONSTRAINT entries_target CHECK ((kind IN ('edit', 'recall', 'reaction')) = (target_seq IS NOT NULL)),
    ADD CONSTRAINT entries_target_before CHECK (target_seq < seq),
    ADD CONSTRAINT entries_edited_after CHECK (edited_seq > seq);
-- A recall empties the edits of its message.
CREATE INDEX entries_edits ON history.entries (chatroom_id, target_seq) WHERE kind = 'edit';

-- What somebody may do in a chatroom. For the members there are, it is known who made the group.
ALTER TABLE history.members
    ADD COLUMN role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member'));
UPDATE history.members AS m SET role = 'owner' FROM history.entries AS e
WHERE e.chatroom_id = m.chatroom_id AND e.kind = 'system' AND e.body ->> 'action' = 'created'
    AND (e.body ->> 'by')::bigint = m.user_id;

-- Who reacts to a message now, and by which entry.
CREATE TABLE history.reactions (
    chatroom_id bigint NOT NULL,
    seq bigint NOT NULL,
    emoji text NOT NULL CHECK (octet_length(emoji) BETWEEN 1 AND 32),
    user_id bigint NOT NULL,
    entry_seq bigint NOT NULL,
    PRIMARY KEY (chatroom_id, seq, emoji, user_id),
    FOREIGN KEY (chatroom_id, seq) REFERENCES history.entries
) PARTITION BY HASH (chatroom_id);

-- Recalled messages whose files Media has yet to be told of.
CREATE TABLE history.media_releases (
    chatroom_id bigint NOT NULL,
    seq bigint NOT NULL,
    sender_id bigint NOT NULL,
    client_id uuid NOT NULL,
    recalled_at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (chatroom_id, seq),
    FOREIGN KEY (chatroom_id, seq) REFERENCES history.entries
) PARTITION BY HASH (chatroom_id);

DO $$
BEGIN
    FOR n IN 0..15 LOOP
        EXECUTE format('CREATE TABLE history.reactions_%s PARTITION OF history.reactions'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s)', n, n);
        EXECUTE format('CREATE TABLE history.media_releases_%s PARTITION OF history.media_releases'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s)', n, n);
    END LOOP;
END $$;
