package goshawk

// ID names a thing in the casebook: a person, an agency, a case, a record of one.
// Its text says nothing of what it names, and is never given twice.
type ID string

// Valid says whether an ID is from 1 to 128 letters, digits, '-', '_', '.' and ':'. No
// ID is ever part of a path, of HTML or of SQL unless it is valid.
func (id ID) Valid() bool {
	if len(id) == 0 || len(id) > 128 {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == ':':
		default:
			return false
		}
	}
	return true
}
