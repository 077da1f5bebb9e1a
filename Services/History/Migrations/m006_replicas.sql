-- What a replica is asked before it is read. Returns once it has replayed the primary's log up to a place and is of the same
-- epoch; fails (SQLSTATE TH001) where that does not come about in time, or cannot, as it is no replica.
CREATE FUNCTION history.await_replay(place pg_lsn, life uuid, patience interval) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    deadline timestamptz := clock_timestamp() + patience;
BEGIN
    WHILE pg_is_in_recovery() AND pg_last_wal_replay_lsn() < place LOOP
        IF clock_timestamp() >= deadline THEN
            RAISE EXCEPTION 'has replayed up to %, not to %', pg_last_wal_replay_lsn(), place USING ERRCODE = 'TH001';
        END IF;
        PERFORM pg_sleep(0.001);
    END LOOP;
    -- One that was promoted has a log of its own, and places in it mean something else.
    IF NOT pg_is_in_recovery() OR NOT EXISTS (SELECT FROM history.epochs WHERE epoch = life) THEN
        RAISE EXCEPTION 'is no replica of this database' USING ERRCODE = 'TH001';
    END IF;
END
$$;
