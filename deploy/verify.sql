-- One row for each place where a log is not whole. All of it is of one snapshot.
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SET enable_bitmapscan = off;
WITH entries AS MATERIALIZED (
    SELECT chatroom_id, seq, ordinal, sender_id, client_id, kind, target_seq, edited_seq,
        row_number() OVER log AS place, count(*) FILTER (WHERE kind = 'message') OVER log AS messages
    FROM history.entries WINDOW log AS (PARTITION BY chatroom_id ORDER BY seq)
), logs AS MATERIALIZED (
    SELECT chatroom_id, count(*) AS entries, max(seq) AS seq, max(messages) AS messages FROM entries GROUP BY chatroom_id
)
SELECT 'not the next of its log:', chatroom_id, seq FROM entries WHERE seq <> place
UNION ALL
SELECT 'an ordinal that does not count:', chatroom_id, seq FROM entries WHERE ordinal <> messages
UNION ALL
SELECT 'a head that is not the last entry:', coalesce(h.chatroom_id, l.chatroom_id), coalesce(h.seq, l.seq)
FROM history.chatroom_heads AS h FULL JOIN logs AS l ON l.chatroom_id = h.chatroom_id
WHERE (coalesce(h.seq, -1), coalesce(h.ordinal, -1)) <> (coalesce(l.seq, 0), coalesce(l.messages, 0))
UNION ALL
SELECT 'a client id twice:', chatroom_id, max(seq) FROM entries WHERE client_id IS NOT NULL
GROUP BY chatroom_id, sender_id, client_id HAVING count(*) > 1
UNION ALL
SELECT 'a change of what is no message:', e.chatroom_id, e.seq
FROM entries AS e LEFT JOIN entries AS t ON t.chatroom_id = e.chatroom_id AND t.seq = e.target_seq
WHERE e.target_seq IS NOT NULL AND t.kind IS DISTINCT FROM 'message'
UNION ALL
SELECT 'edited by what is no edit of it:', e.chatroom_id, e.seq
FROM entries AS e LEFT JOIN entries AS x ON x.chatroom_id = e.chatroom_id AND x.seq = e.edited_seq
WHERE e.edited_seq IS NOT NULL AND (x.kind, x.target_seq) IS DISTINCT FROM ('edit', e.seq)
UNION ALL
SELECT 'a favorite of what is no message:', f.chatroom_id, f.seq
FROM history.favorites AS f LEFT JOIN entries AS e ON e.chatroom_id = f.chatroom_id AND e.seq = f.seq
WHERE e.kind IS DISTINCT FROM 'message'
UNION ALL
SELECT 'a reaction to what is no message:', r.chatroom_id, r.seq
FROM history.reactions AS r LEFT JOIN entries AS e ON e.chatroom_id = r.chatroom_id AND e.seq = r.seq
WHERE e.kind IS DISTINCT FROM 'message'
UNION ALL
SELECT 'a member beyond the log:', m.chatroom_id, greatest(m.joined_seq, m.left_seq)
FROM history.members AS m LEFT JOIN logs AS l ON l.chatroom_id = m.chatroom_id
WHERE greatest(m.joined_seq, m.left_seq) > coalesce(l.seq, 0)
UNION ALL
SELECT 'a read cursor beyond the log:', c.chatroom_id, c.seq
FROM history.read_cursors AS c LEFT JOIN logs AS l ON l.chatroom_id = c.chatroom_id
WHERE c.seq > coalesce(l.seq, 0)
ORDER BY 2, 3;
