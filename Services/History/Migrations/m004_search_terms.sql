-- A text is cut into its terms in a time that grows with its length, not with its square: 4,000 characters of Chinese took
-- 84 ms, and 200 such messages longer than a statement may.
CREATE OR REPLACE FUNCTION history.terms(body text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT term), '{}') FROM (
        SELECT part || CASE WHEN is_cjk THEN coalesce(lead(part) OVER (PARTITION BY place ORDER BY i), '') ELSE '' END AS term
        FROM history.runs(body) WITH ORDINALITY AS runs (run, is_cjk, place),
            LATERAL unnest(CASE WHEN is_cjk THEN string_to_array(run, NULL) ELSE ARRAY[run] END)
                WITH ORDINALITY AS parts (part, i)
    ) AS cut
$$;
