-- Who signs in no more, as an operator has decided.
ALTER TABLE auth.users ADD COLUMN disabled_at timestamptz;

-- Who of the operators did it, where it was none of the user's own acts, and what they say to it.
ALTER TABLE auth.audit ADD COLUMN operator text, ADD COLUMN note text;
CREATE INDEX audit_at ON auth.audit (at);
CREATE INDEX sessions_expiry ON auth.sessions (expires_at);

-- Rows of the audit are never changed. They may be removed once they are old: never before 30 days have passed, whoever asks.
DROP TRIGGER audit_append_only ON auth.audit;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR TRUNCATE ON auth.audit
    FOR EACH STATEMENT EXECUTE FUNCTION auth.refuse_change();
CREATE FUNCTION auth.refuse_early_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.at > clock_timestamp() - interval '30 days' THEN
        RAISE EXCEPTION 'rows of % are kept for 30 days', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER audit_kept BEFORE DELETE ON auth.audit
    FOR EACH ROW EXECUTE FUNCTION auth.refuse_early_removal();
