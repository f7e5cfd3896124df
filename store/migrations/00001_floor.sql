-- +goose Up
-- Times are microseconds since 1970, UTC; flags are 0 and 1; bytes are
-- hexadecimal or JSON text: the same in every database.

CREATE TABLE agencies (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  country TEXT NOT NULL,
  created BIGINT NOT NULL
);

CREATE TABLE people (
  id TEXT PRIMARY KEY,
  agency TEXT NOT NULL REFERENCES agencies (id),
  name TEXT NOT NULL,
  email TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  disabled SMALLINT NOT NULL,
  created BIGINT NOT NULL
);

-- One row for each thing that was done. Numbers have no gaps.
CREATE TABLE audit (
  seq BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  person TEXT NOT NULL,
  name TEXT NOT NULL,
  agency TEXT NOT NULL,
  via TEXT NOT NULL,
  source TEXT NOT NULL,
  action TEXT NOT NULL,
  what TEXT NOT NULL,
  case_id TEXT NOT NULL,
  detail TEXT NOT NULL,
  salt TEXT NOT NULL
);
CREATE INDEX audit_case ON audit (case_id, seq);

-- The last number given: whoever writes takes this row first.
CREATE TABLE audit_head (one SMALLINT PRIMARY KEY CHECK (one = 1), seq BIGINT NOT NULL);
INSERT INTO audit_head VALUES (1, 0);

-- A case; title, reference, status and marking repeat its fields, for lists.
CREATE TABLE cases (
  id TEXT PRIMARY KEY,
  agency TEXT NOT NULL REFERENCES agencies (id),
  seq BIGINT NOT NULL,
  opened BIGINT NOT NULL,
  touched BIGINT NOT NULL,
  title TEXT NOT NULL,
  reference TEXT NOT NULL,
  status TEXT NOT NULL,
  marking TEXT NOT NULL
);
CREATE INDEX cases_agency ON cases (agency, touched);

CREATE TABLE changes (
  case_id TEXT NOT NULL REFERENCES cases (id),
  seq BIGINT NOT NULL,
  entry BIGINT NOT NULL REFERENCES audit (seq) DEFERRABLE INITIALLY DEFERRED,
  at BIGINT NOT NULL,
  person TEXT NOT NULL,
  undoes BIGINT NOT NULL,
  edits TEXT NOT NULL,
  PRIMARY KEY (case_id, seq)
);

-- What each field holds now: the sum of the changes.
CREATE TABLE fields (
  case_id TEXT NOT NULL REFERENCES cases (id),
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (case_id, kind, id, name)
);

-- Members repeat fields, to find a person's cases.
CREATE TABLE members (
  case_id TEXT NOT NULL REFERENCES cases (id),
  person TEXT NOT NULL,
  part TEXT NOT NULL,
  PRIMARY KEY (case_id, person)
);
CREATE INDEX members_person ON members (person);

-- The words of each record that the search finds.
CREATE TABLE texts (
  number BIGINT PRIMARY KEY,
  case_id TEXT NOT NULL REFERENCES cases (id),
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (case_id, kind, id)
);

-- +goose Down
SELECT 'a database is never taken back: restore a backup';
