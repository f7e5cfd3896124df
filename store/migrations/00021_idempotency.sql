-- +goose Up
-- Requests that changed something and may be sent again: what was answered. A row is
-- written with the change; status 0: the answer is not, or not yet, known.
CREATE TABLE idempotency (
  person TEXT NOT NULL REFERENCES people (id),
  key TEXT NOT NULL,
  request TEXT NOT NULL,
  at BIGINT NOT NULL,
  entry BIGINT NOT NULL,
  status SMALLINT NOT NULL,
  header TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (person, key)
);
CREATE INDEX idempotency_at ON idempotency (at);
