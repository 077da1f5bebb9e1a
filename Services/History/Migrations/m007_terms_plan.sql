-- The terms of a text by a plan that is made once for a session, and not for every text.

-- As history.runs, with the place of each. Not STRICT, so that it becomes a part of the query that calls it.
CREATE FUNCTION history.placed_runs(body text) RETURNS TABLE (run text, is_cjk boolean, place bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(m[1], left(m[2], 64), m[3]), m[1] IS NOT NULL, place
    FROM regexp_matches(
        history.normal(body),
        '([\u2e80-\u2fdf\u3005-\u30ff\u3130-\u318f\u31a0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+)'
        '|((?:(?![\u2e80-\u2fdf\u3005-\u30ff\u3130-\u318f\u31a0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff])[[:alnum:]])+)'
        '|((?![\u2e80-\u2fdf\u3005-\u30ff\u3130-\u318f\u31a0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff])[^[:space:][:alnum:]])',
        'g') WITH ORDINALITY AS found (m, place)
$$;

CREATE OR REPLACE FUNCTION history.runs(body text) RETURNS TABLE (run text, is_cjk boolean)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT run, is_cjk FROM history.placed_runs(body)
$$;

CREATE OR REPLACE FUNCTION history.terms(body text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT coalesce(array_agg(DISTINCT term), '{}') FROM (
            SELECT part || CASE
                WHEN is_cjk THEN coalesce(lead(part) OVER (PARTITION BY place ORDER BY i), '') ELSE ''
            END AS term
            -- OFFSET: what is found of a run is made once for it, and not for each of its characters.
            FROM (SELECT run, is_cjk, place FROM history.placed_runs(body) OFFSET 0) AS runs,
                LATERAL unnest(CASE WHEN is_cjk THEN string_to_array(run, NULL) ELSE ARRAY[run] END)
                    WITH ORDINALITY AS parts (part, i)
        ) AS cut
    );
END
$$;
