-- What a chatroom keeps: above its floor everything, up to it only the places of the entries.

-- floor_seq: the last entry whose content was freed; nobody's first visible entry is below the next one.
-- floor_ordinal: the ordinal there.
ALTER TABLE history.chatroom_heads
    ADD COLUMN floor_seq bigint NOT NULL DEFAULT 0,
    ADD COLUMN floor_ordinal bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT chatroom_heads_floor CHECK (floor_seq BETWEEN 0 AND seq),
    ADD CONSTRAINT chatroom_heads_floor_ordinal CHECK (floor_ordinal BETWEEN 0 AND ordinal);

-- For how long a chatroom keeps what is said in it, where it was told otherwise than HISTORY_RETENTION says. NULL: for ever.
CREATE TABLE history.retentions (
    chatroom_id bigint PRIMARY KEY,
    keep_seconds bigint CHECK (keep_seconds > 0)
) PARTITION BY HASH (chatroom_id);

DO $$
BEGIN
    FOR n IN 0..15 LOOP
        EXECUTE format('CREATE TABLE history.retentions_%s PARTITION OF history.retentions'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s)', n, n);
    END LOOP;
END $$;
