-- +goose Up
-- What programs send instead of signing in: the hash of each, which signs nobody in.
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  person TEXT NOT NULL REFERENCES people (id),
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created BIGINT NOT NULL,
  ends BIGINT NOT NULL,
  used BIGINT NOT NULL,
  source TEXT NOT NULL
);
CREATE INDEX tokens_person ON tokens (person);
