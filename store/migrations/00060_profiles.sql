-- +goose Up
-- What an agency keeps for its letters: how services want to be written to (profile), and the texts of
-- its letters (template). Every version is kept; an empty body is one that was deleted.
CREATE TABLE agency_papers (
  agency TEXT NOT NULL REFERENCES agencies (id),
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  version BIGINT NOT NULL,
  body TEXT NOT NULL,
  made BIGINT NOT NULL,
  person TEXT NOT NULL,
  PRIMARY KEY (agency, kind, id, version)
);
