-- +goose Up
-- Ledgers outside of the data folder that a server opens, and how far each watch has
-- looked: whatever moved up to that block is in alerts.
CREATE TABLE ledgers (
  id TEXT PRIMARY KEY,
  path TEXT NOT NULL,
  added BIGINT NOT NULL,
  person TEXT NOT NULL
);
CREATE TABLE watched (
  case_id TEXT NOT NULL,
  watch TEXT NOT NULL,
  since BIGINT NOT NULL,
  height BIGINT NOT NULL,
  block TEXT NOT NULL,
  PRIMARY KEY (case_id, watch)
);
-- What a coin was worth on a day, in a currency: decimal text, never a float.
CREATE TABLE rates (
  asset TEXT NOT NULL,
  currency TEXT NOT NULL,
  day TEXT NOT NULL,
  price TEXT NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (asset, currency, day)
);
CREATE TABLE rate_sources (
  sha256 TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  asset TEXT NOT NULL,
  imported BIGINT NOT NULL,
  person TEXT NOT NULL,
  rates BIGINT NOT NULL
);
