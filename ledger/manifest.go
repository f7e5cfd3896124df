package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"goshawk"
	"goshawk/internal/disk"
)

// The manifest names everything that belongs to a generation. Replacing it is
// the one act that commits.
const manifestName = "manifest"

// formatVersion changes when old programs could misread new bytes.
const formatVersion = 1

type manifest struct {
	Format     int           `json:"format"`
	Generation uint64        `json:"generation"`
	Network    string        `json:"network"`
	Start      int32         `json:"start"`
	Partial    bool          `json:"partial"`
	Rule       string        `json:"cluster_rule"` // which inputs link addresses
	Secret     uint64        `json:"secret"`
	Columns    [columns]span `json:"columns"`
	TxIndex    []fileRef     `json:"tx_index"`
	AddrIndex  []fileRef     `json:"address_index"`
	History    []fileRef     `json:"history"`
	Children   []fileRef     `json:"children"`
	Tail       *fileRef      `json:"tail"`

	Overwritten []overwrite `json:"overwritten"`
	// Unmarked says that the tail's tables hold marks of older transactions.
	Unmarked bool `json:"unmarked"`
}

// span is how much of a column is committed.
type span struct {
	Rows uint64 `json:"rows"`
	// Last is the checksum of the page that is not full yet.
	Last uint32 `json:"last_page"`
}

// fileRef names an immutable file.
type fileRef struct {
	Name    string `json:"name"`
	Size    int64  `json:"size"`
	Entries uint64 `json:"entries"`
}

// encode returns the manifest's bytes: JSON and a line with its checksum.
func (m *manifest) encode() ([]byte, error) {
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, err
	}
	data = append(data, '\n')
	return fmt.Appendf(data, "%08x\n", checksum(data)), nil
}

func decodeManifest(data []byte) (*manifest, error) {
	damaged := func(what string, args ...any) error {
		return goshawk.Errorf(goshawk.Corrupt, "the ledger's manifest is damaged: "+what, args...).
			WithHint("restore the file from a copy, or build the ledger again from the chain")
	}
	const line = 9
	if len(data) < line {
		return nil, damaged("it is too short")
	}
	body, tail := data[:len(data)-line], data[len(data)-line:]
	sum, err := strconv.ParseUint(string(bytes.TrimSuffix(tail, []byte("\n"))), 16, 32)
	if err != nil || uint32(sum) != checksum(body) {
		return nil, damaged("its checksum does not match")
	}
	m := new(manifest)
	if err := json.Unmarshal(body, m); err != nil {
		return nil, damaged("%w", err)
	}
	if m.Format != formatVersion {
		return nil, goshawk.Errorf(goshawk.Unsupported, "the ledger has format %d, and this program reads format %d", m.Format, formatVersion).
			WithHint("use the program that wrote it, or build the ledger again from the chain")
	}
	for c := range columns {
		if m.Columns[c].Rows >= 1<<40 {
			return nil, damaged("column %s claims %d rows", columnNames[c], m.Columns[c].Rows)
		}
	}
	return m, nil
}

// readManifest returns nil if there is none.
func readManifest(fsys disk.FS) (*manifest, error) {
	data, err := fsys.ReadFile(manifestName)
	if disk.Missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot read the ledger's manifest: %w", err)
	}
	return decodeManifest(data)
}

// files returns the names of all immutable files of a generation.
func (m *manifest) files() []fileRef {
	var all []fileRef
	for _, l := range [][]fileRef{m.TxIndex, m.AddrIndex, m.History, m.Children} {
		all = append(all, l...)
	}
	if m.Tail != nil {
		all = append(all, *m.Tail)
	}
	return all
}

// names returns every file that belongs to a generation.
func (m *manifest) names() map[string]bool {
	names := map[string]bool{manifestName: true, "lock": true}
	for c := range columns {
		names[columnFile(c)], names[checksumFile(c)] = true, true
	}
	for _, f := range m.files() {
		names[f.Name] = true
	}
	return names
}

func columnFile(c column) string   { return columnNames[c] + ".col" }
func checksumFile(c column) string { return columnNames[c] + ".crc" }

func writeManifest(fsys disk.FS, man *manifest) error {
	data, err := man.encode()
	if err != nil {
		return err
	}
	if err := disk.WriteFile(fsys, manifestName, data); err != nil {
		return writeError(manifestName, err)
	}
	return nil
}
