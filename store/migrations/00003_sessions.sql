-- +goose Up
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,
  person TEXT NOT NULL REFERENCES people (id),
  via TEXT NOT NULL,
  source TEXT NOT NULL,
  agent TEXT NOT NULL,
  created BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  ends BIGINT NOT NULL
);
CREATE INDEX sessions_person ON sessions (person);
