-- +goose Up
-- Programs of an agency that are told what moved. The secret signs what they are sent, and
-- so is kept as it is.
CREATE TABLE hooks (
  id TEXT PRIMARY KEY,
  agency TEXT NOT NULL REFERENCES agencies (id),
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  secret TEXT NOT NULL,
  created BIGINT NOT NULL,
  person TEXT NOT NULL
);

-- Messages that are to go out, written with the alert that they are about. state: waiting,
-- told, refused (given up), withheld (who was to be told may not be any more). A message that is
-- being sent is due again later: where the server is killed, it is sent again.
CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  case_id TEXT NOT NULL REFERENCES cases (id),
  way TEXT NOT NULL,
  recipient TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  made BIGINT NOT NULL,
  due BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  fault TEXT NOT NULL,
  ended BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (state, due);

-- Servers on this database: when each was last heard of, which traces it runs, and what only
-- one of them does at a time.
CREATE TABLE servers (id TEXT PRIMARY KEY, beat BIGINT NOT NULL);
CREATE TABLE running (
  case_id TEXT NOT NULL REFERENCES cases (id),
  run TEXT NOT NULL,
  server TEXT NOT NULL,
  PRIMARY KEY (case_id, run)
);
CREATE TABLE leases (name TEXT PRIMARY KEY, server TEXT NOT NULL, until BIGINT NOT NULL);
