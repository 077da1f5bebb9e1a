-- Search: the words of every message, and for Chinese, Japanese and Korean every two neighbouring characters, in a table
-- of their own that is filled behind the heads: kept beside the entries they would cost every send.

-- How text is compared: without case, full-width as half-width, composed.
CREATE FUNCTION history.normal(body text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT lower(normalize(body, NFKC))
$$;

-- What a text is cut into: runs of Chinese, Japanese or Korean; words; any other character by itself.
CREATE FUNCTION history.runs(body text) RETURNS TABLE (run text, is_cjk boolean)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(m[1], left(m[2], 64), m[3]), m[1] IS NOT NULL
    FROM regexp_matches(
        history.normal(body),
        '([\u2e80-\u2fdf\u3005-\u30ff\u3130-\u318f\u31a0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+)'
        '|((?:(?![\u2e80-\u2fdf\u3005-\u30ff\u3130-\u318f\u31a0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff])[[:alnum:]])+)'
        '|((?![\u2e80-\u2fdf\u3005-\u30ff\u3130-\u318f\u31a0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff])[^[:space:][:alnum:]])',
        'g') AS m
$$;

-- 'Hello 世界' → {hello,世界,界}: the last character of a run stands alone, so that every one is found by itself.
CREATE FUNCTION history.terms(body text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT CASE WHEN is_cjk THEN substr(run, i, 2) ELSE run END), '{}')
    FROM history.runs(body), LATERAL generate_series(1, CASE WHEN is_cjk THEN length(run) ELSE 1 END) AS i
$$;

-- Every term of what is looked for; words, and single characters, as beginnings. NULL where there is none.
CREATE FUNCTION history.search_query(wanted text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT string_agg(
        '''' || replace(replace(term, '\', '\\'), '''', '''''') || '''' || CASE WHEN begins THEN ':*' ELSE '' END,
        ' & ')::tsquery
    FROM (
        SELECT DISTINCT CASE WHEN is_cjk THEN substr(run, i, 2) ELSE run END AS term,
            NOT is_cjk OR length(run) = 1 AS begins
        FROM history.runs(wanted),
            LATERAL generate_series(1, CASE WHEN is_cjk THEN greatest(1, length(run) - 1) ELSE 1 END) AS i
    ) AS t
$$;

CREATE TABLE history.search_terms (
    chatroom_id bigint NOT NULL,
    seq bigint NOT NULL,
    terms tsvector NOT NULL,
    PRIMARY KEY (chatroom_id, seq)
) PARTITION BY HASH (chatroom_id);
CREATE INDEX search_terms_terms ON history.search_terms USING gin (terms);

-- Up to where each log is in the index. Whoever fills it holds this row's lock; senders never wait for it.
CREATE TABLE history.search_heads (
    chatroom_id bigint PRIMARY KEY,
    seq bigint NOT NULL DEFAULT 0 CHECK (seq >= 0)
) PARTITION BY HASH (chatroom_id);

DO $$
BEGIN
    FOR n IN 0..15 LOOP
        EXECUTE format('CREATE TABLE history.search_terms_%s PARTITION OF history.search_terms'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s)', n, n);
        EXECUTE format('CREATE TABLE history.search_heads_%s PARTITION OF history.search_heads'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s) WITH (fillfactor = 50)', n, n);
    END LOOP;
END $$;
