CREATE INDEX changes_age ON auth.changes (created_at);
CREATE INDEX users_deleted ON auth.users (id) WHERE deleted_at IS NOT NULL;
