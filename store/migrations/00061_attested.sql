-- +goose Up
-- What an entry's transaction left in the tables that no case holds: who people are, how they sign in, rates,
-- and so on. attested: whatever was there before this was recorded has been.
ALTER TABLE audit ADD COLUMN attests TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_head ADD COLUMN attested SMALLINT NOT NULL DEFAULT 0;
UPDATE audit_head SET attested = 1 WHERE NOT EXISTS (SELECT 1 FROM agencies);
