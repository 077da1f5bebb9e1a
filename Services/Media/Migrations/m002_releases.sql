-- Recalled messages carry their file no longer, and a file that none carries any more is gone for everybody.
ALTER TABLE media.attachments ADD COLUMN released_at timestamptz;
ALTER TABLE media.files ADD COLUMN released_at timestamptz;
