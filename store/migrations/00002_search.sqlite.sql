-- +goose Up
CREATE VIRTUAL TABLE words USING fts5 (body, content='texts', content_rowid='number', tokenize="unicode61 remove_diacritics 2 tokenchars '_'");
-- +goose StatementBegin
CREATE TRIGGER texts_added AFTER INSERT ON texts BEGIN
  INSERT INTO words (rowid, body) VALUES (new.number, new.body);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER texts_removed AFTER DELETE ON texts BEGIN
  INSERT INTO words (words, rowid, body) VALUES ('delete', old.number, old.body);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER texts_changed AFTER UPDATE ON texts BEGIN
  INSERT INTO words (words, rowid, body) VALUES ('delete', old.number, old.body);
  INSERT INTO words (rowid, body) VALUES (new.number, new.body);
END;
-- +goose StatementEnd
