package letter

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"goshawk"
)

// Limits of an answer's file.
const (
	MostAnswer  = 32 << 20 // bytes
	mostRows    = 200_000
	mostColumns = 200
	mostCell    = 4_096 // bytes
	mostFaults  = 100   // that are told; all are counted
)

// Table is a file of rows below a header, as text.
type Table struct {
	Delimiter string
	Head      []string
	Rows      [][]string
	Lines     []int                                     // the line of the file at which each row begins, from 1
	Places    func(name string) (*time.Location, error) // of the IANA time zone database; nil: none is known
}

// delimiters are those that files have, the usual one first.
func delimiters() []string { return []string{",", ";", "\t", "|"} }

// ReadTable reads a file of separated values: UTF-8, or UTF-16 with its mark. With delimiter "" it is the one of
// those that files have that the header holds most of. What is no such file, or too large, is an Invalid error.
func ReadTable(file []byte, delimiter string) (*Table, error) {
	bad := func(what, hint string) error {
		return goshawk.Errorf(goshawk.Invalid, "the file cannot be read as a table: %s", what).WithHint("%s", hint)
	}
	if len(file) > MostAnswer {
		return nil, bad("it is larger than 32 MiB", "split it; each part keeps its header")
	}
	text, err := decoded(file)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(text, []byte("PK\x03\x04")) || bytes.IndexByte(text, 0) >= 0 {
		return nil, bad("it is no text", "open it with the program that made it, and save each sheet as CSV; keep the file itself as an exhibit")
	}
	text = bytes.TrimLeft(text, "\r\n")
	if delimiter == "" {
		head, _, _ := bytes.Cut(text, []byte("\n"))
		most := 0
		for _, d := range delimiters() {
			if n := bytes.Count(head, []byte(d)); n > most {
				most, delimiter = n, d
			}
		}
		if most == 0 {
			return nil, bad("its first line has no commas, semicolons, tabs or bars", "the first line must name the columns")
		}
	}
	if !slices.Contains(delimiters(), delimiter) {
		return nil, bad("nothing separates its columns", "choose a comma, a semicolon, a tab or a bar")
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord = rune(delimiter[0]), -1
	t := &Table{Delimiter: delimiter}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if p, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, bad("line "+itoa(p.Line)+": "+p.Err.Error(), "is it the file as the service sent it?")
		}
		if err != nil {
			return nil, bad("it ends in the middle", "is it the file as the service sent it?")
		}
		line, _ := r.FieldPos(0)
		for _, c := range row {
			if len(c) > mostCell {
				return nil, bad("line "+itoa(line)+" has a cell of more than 4,096 bytes", "is something quoted that never ends?")
			}
		}
		if t.Head == nil {
			if len(row) < 2 || len(row) > mostColumns {
				return nil, bad("its first line names fewer than 2 columns, or more than 200", "the first line must name the columns")
			}
			t.Head = row
			continue
		}
		if len(row) == 1 && strings.TrimSpace(row[0]) == "" {
			continue
		}
		if len(row) != len(t.Head) {
			return nil, bad("line "+itoa(line)+" has "+goshawk.Count(len(row), "cell", "cells")+", and the header "+itoa(len(t.Head)), "ask the service for the file once more, or mend a copy and say so in the source")
		}
		if len(t.Rows) == mostRows {
			return nil, bad("it has more than 200,000 rows", "split it; each part keeps its header")
		}
		t.Rows, t.Lines = append(t.Rows, row), append(t.Lines, line)
	}
	if len(t.Rows) == 0 {
		return nil, bad("it has a header and no rows, or nothing at all", "if that is their answer, write it in a note")
	}
	return t, nil
}

// decoded is a file's text as UTF-8 without a mark.
func decoded(file []byte) ([]byte, error) {
	wide := func(high, low int) []byte {
		units := make([]uint16, 0, len(file)/2)
		for i := 2; i+1 < len(file); i += 2 {
			units = append(units, uint16(file[i+high])<<8|uint16(file[i+low]))
		}
		return []byte(string(utf16.Decode(units)))
	}
	switch {
	case bytes.HasPrefix(file, []byte("\xef\xbb\xbf")):
		file = file[3:]
	case bytes.HasPrefix(file, []byte("\xff\xfe")):
		file = wide(1, 0)
	case bytes.HasPrefix(file, []byte("\xfe\xff")):
		file = wide(0, 1)
	}
	if !utf8.Valid(file) {
		return nil, goshawk.Errorf(goshawk.Invalid, "the file is no UTF-8 text").WithHint("save it as CSV in UTF-8; keep the file as it came as an exhibit, too")
	}
	return file, nil
}
