-- +goose Up
ALTER TABLE texts ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED;
CREATE INDEX texts_words ON texts USING gin (words);
