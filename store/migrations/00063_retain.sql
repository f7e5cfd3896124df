-- +goose Up
-- Until when a case is kept stands in lists too; it repeats the case's field.
ALTER TABLE cases ADD COLUMN retain TEXT NOT NULL DEFAULT '';
UPDATE cases SET retain = COALESCE((SELECT substr(value, 2, 10) FROM fields WHERE case_id = cases.id AND kind = 'case' AND id = 'case' AND name = 'retain' AND value LIKE '"%'), '');
