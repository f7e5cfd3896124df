-- +goose Up
-- How people sign in. What a secret is kept of is its hash, which signs nobody in; but
-- an authenticator's secret is kept as it is, because its codes are made from it.

ALTER TABLE sessions ADD COLUMN proved BIGINT NOT NULL DEFAULT 0;

CREATE TABLE passkeys (
  id TEXT PRIMARY KEY,
  person TEXT NOT NULL REFERENCES people (id),
  name TEXT NOT NULL,
  record TEXT NOT NULL,
  created BIGINT NOT NULL,
  used BIGINT NOT NULL,
  doubtful SMALLINT NOT NULL
);
CREATE INDEX passkeys_person ON passkeys (person);

CREATE TABLE passwords (
  person TEXT PRIMARY KEY REFERENCES people (id),
  hash TEXT NOT NULL,
  secret TEXT NOT NULL,
  step BIGINT NOT NULL,
  changed BIGINT NOT NULL
);

-- Whom a provider means by a subject: known from the first time on, whatever
-- becomes of their e-mail address there.
CREATE TABLE subjects (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  person TEXT NOT NULL REFERENCES people (id),
  PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX subjects_person ON subjects (person, issuer);

CREATE TABLE recovery (
  person TEXT NOT NULL REFERENCES people (id),
  hash TEXT NOT NULL,
  PRIMARY KEY (person, hash)
);

CREATE TABLE invitations (
  hash TEXT PRIMARY KEY,
  person TEXT NOT NULL UNIQUE REFERENCES people (id),
  created BIGINT NOT NULL,
  ends BIGINT NOT NULL
);

-- How often somebody failed in a row, by one way: so that a restart is no new try.
CREATE TABLE attempts (
  person TEXT NOT NULL REFERENCES people (id),
  via TEXT NOT NULL,
  failed BIGINT NOT NULL,
  last BIGINT NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (person, via)
);
