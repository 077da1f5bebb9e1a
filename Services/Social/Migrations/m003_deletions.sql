-- Whose account is gone: nobody begins anything with them any more.
ALTER TABLE social.people ADD COLUMN deleted_at timestamptz;

-- How far Auth's feed was followed for deleted accounts; one row, from the first time on.
CREATE TABLE social.auth_feed (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch uuid NOT NULL,
    position bigint NOT NULL
);
