-- When people were last online; of those who let it be seen.
CREATE TABLE social.last_seen (
    user_id bigint PRIMARY KEY,
    at timestamptz NOT NULL
);

-- Requests that have waited too long.
CREATE INDEX friend_requests_age ON social.friend_requests (created_at) WHERE status = 'pending';
