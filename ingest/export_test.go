package ingest

// ParseUnits is parseUnits, for its own tests.
func ParseUnits(s string, decimals uint8) (uint64, error) { return parseUnits(s, decimals) }
