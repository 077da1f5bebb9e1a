-- Released files whose bytes were looked after: freed, or left to the other files that stand for them.
ALTER TABLE media.files ADD COLUMN settled_at timestamptz;
CREATE INDEX files_released ON media.files (released_at) WHERE released_at IS NOT NULL AND settled_at IS NULL;
-- Contents whose bytes are not there any more.
ALTER TABLE media.blobs ADD COLUMN freed_at timestamptz;
-- Files that nobody has sent are looked for by their age.
CREATE INDEX files_created ON media.files (created_at) WHERE released_at IS NULL AND chatroom_id IS NOT NULL;
CREATE INDEX attachments_source_id ON media.attachments (source_id);

-- Whether there is a smaller image of it.
ALTER TABLE media.files ADD COLUMN has_thumbnail boolean NOT NULL DEFAULT false;
