package casebook

import "encoding/json"

// Text returns what a field of a record says; "" where it is not set or no text.
func (r Record) Text(name string) string {
	var s string
	if v, ok := r[name]; ok && json.Unmarshal(v.JSON, &s) != nil {
		return ""
	}
	return s
}

// Flag says whether a field of a record is set and true.
func (r Record) Flag(name string) bool { return string(r[name].JSON) == "true" }

// Number returns a field that holds a whole number; 0 where it is not set.
func (r Record) Number(name string) int64 {
	var n int64
	if v, ok := r[name]; ok && json.Unmarshal(v.JSON, &n) != nil {
		return 0
	}
	return n
}

// List returns a field that holds a list of texts; nil where it is not set.
func (r Record) List(name string) []string {
	var list []string
	if v, ok := r[name]; ok && json.Unmarshal(v.JSON, &list) != nil {
		return nil
	}
	return list
}

// Gone says whether the record was deleted.
func (r Record) Gone() bool { return r.Flag(Deleted) }
