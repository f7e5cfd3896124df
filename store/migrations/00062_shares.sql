-- +goose Up
-- What is shared with somebody is found without reading every case.
CREATE INDEX fields_shared ON fields (value) WHERE kind = 'share' AND name = 'person';
