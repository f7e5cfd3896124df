package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"goshawk"
)

// settings fills the flags that the command line left out: from the environment,
// or else from the settings file.
func (c *command) settings() error {
	file, err := c.settingsFile()
	if err != nil {
		return err
	}
	if err := c.strangers(); err != nil {
		return err
	}
	for _, fill := range []func(f *flag.Flag) error{
		c.fillFromEnvironment,
		func(f *flag.Flag) error {
			if s, ok := file[f.Name]; ok {
				return s.read(func(value any) error { return c.fillFromFile(f, value) })
			}
			return nil
		},
	} {
		above := c.set()
		c.VisitAll(func(f *flag.Flag) {
			if err == nil && !c.given[f.Name] && !c.settled[f.Name] && !c.excluded(f.Name, above) && !slices.Contains(c.ownOnly, f.Name) {
				err = fill(f)
			}
		})
	}
	return err
}

const environmentPrefix = "GOSHAWK_"

// environmentName is the environment's name of a flag.
func environmentName(flag string) string {
	return environmentPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// strangers refuses a name in the environment that would be a setting, if any flag
// had it. Those that say how Goshawk's own tests run are none.
func (c *command) strangers() error {
	for _, entry := range c.t.environ {
		name, value, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, environmentPrefix)
		if !ours || value == "" || slices.Contains([]string{"FIXTURES", "KILLS", "FAULTS"}, rest) {
			continue
		}
		written := strings.ToLower(strings.ReplaceAll(rest, "_", "-"))
		_, every := settable()
		// Some systems do not tell capitals apart: what counts is that it would be found.
		if value, _ := c.t.env(environmentName(written)); value != "" && (every[written] || written == "config") {
			continue
		}
		err := badUsage("there is no setting %s, in the environment", name)
		if near := nearest(written, slices.Sorted(maps.Keys(every))); near != "" {
			return err.WithHint("did you mean %s?", environmentName(near))
		}
		return err.WithHint("settings have the names of flags; --help lists them")
	}
	return nil
}

func (c *command) fillFromEnvironment(f *flag.Flag) error {
	name := environmentName(f.Name)
	text, _ := c.t.env(name)
	if text == "" {
		return nil
	}
	values := []string{text}
	if l, ok := f.Value.(*list); ok && l.whole {
		values = filepath.SplitList(text)
	}
	if err := c.fill(f, values); err != nil {
		return badUsage("%v, in the environment (%s)", err, name)
	}
	return nil
}

func (c *command) fillFromFile(f *flag.Flag, value any) error {
	values, err := texts(value)
	if err != nil {
		return fmt.Errorf("--%s cannot be that: %w", f.Name, err)
	}
	return c.fill(f, values)
}

// fill sets a flag that the command line left out.
func (c *command) fill(f *flag.Flag, values []string) error {
	c.settled[f.Name] = true
	set := f.Value.Set
	switch v := f.Value.(type) {
	case *list:
		set = func(string) error { return v.setAll(values) }
	case *once:
		set = v.Value.Set
		if m, ok := v.Value.(*methods); ok {
			values = []string{strings.Join(values, ",")}
			set = m.Set
		} else if len(values) != 1 {
			return fmt.Errorf("--%s takes one value, not %d", f.Name, len(values))
		}
	}
	text := strings.Join(values, ",")
	if err := set(text); err != nil {
		form := "invalid value %q for flag -%s: %v"
		if b, ok := f.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
			form = "invalid boolean value %q for -%s: %v"
		}
		return errors.New(friendly(fmt.Sprintf(form, text, f.Name, err)))
	}
	return nil
}

// texts writes a value of the settings file as the command line would have it.
func texts(value any) ([]string, error) {
	switch v := value.(type) {
	case string:
		return []string{v}, nil
	case bool, int64:
		return []string{fmt.Sprint(v)}, nil
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}, nil
	case time.Time:
		switch v.Location().String() { // how the TOML package marks times without a zone
		case "date-local":
			return []string{v.Format(time.DateOnly)}, nil
		case "datetime-local":
			return []string{v.Format("2006-01-02T15:04:05")}, nil
		}
		return []string{v.Format(time.RFC3339)}, nil
	case []any:
		var all []string
		for _, element := range v {
			if _, nested := element.([]any); nested {
				return nil, errors.New("it holds a list within a list")
			}
			one, err := texts(element)
			if err != nil {
				return nil, err
			}
			all = append(all, one...)
		}
		return all, nil
	}
	return nil, errors.New("a table is no value")
}

// mostSettings is far more than anybody writes by hand.
const mostSettings = 1 << 20

// settingsPath says where the settings file is, and whether somebody named it.
func (c *command) settingsPath() (path string, named bool) {
	if *c.configFile != "" {
		return *c.configFile, true
	}
	if path, _ := c.t.env("GOSHAWK_CONFIG"); path != "" {
		return path, true
	}
	if dir, err := os.UserConfigDir(); err == nil {
		return filepath.Join(dir, "goshawk", "config.toml"), false
	}
	return "", false
}

// settingsFile reads the settings file: those at its top, and over them those
// under the verb's own heading. Names that no flag has are refused, whichever
// verb they are for.
func (c *command) settingsFile() (map[string]setting, error) {
	path, named := c.settingsPath()
	if path == "" {
		return nil, nil
	}
	data, err := readSettings(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, goshawk.Errorf(goshawk.NotFound, "cannot read the settings file: %w", err).WithHint("name one that is there with --config FILE")
	case goshawk.CodeOf(err) == goshawk.Invalid:
		return nil, err
	case err != nil:
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot read the settings file: %w", err).WithHint("ask for permission to read it, or name another with --config FILE")
	}
	top := map[string]toml.Primitive{}
	meta, err := toml.NewDecoder(bytes.NewReader(data)).Decode(&top)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "the settings file %s cannot be read: %w", path, err).WithHint("write it as TOML: name = value, with the names of flags")
	}
	flags, every := settable()
	own := map[string]setting{}
	for _, key := range meta.Keys() { // in the order of the file, so that its first fault is named
		s := setting{path: path, meta: &meta, value: top[key[0]]}
		if flags[key[0]] == nil {
			if !every[key[0]] {
				return nil, s.unknown("there is", key[0], slices.Concat(slices.Sorted(maps.Keys(every)), slices.Sorted(maps.Keys(flags))))
			}
			if _, over := own[key[0]]; !over {
				own[key[0]] = s
			}
			continue
		}
		if err := s.read(func(value any) error {
			if _, table := value.(map[string]any); !table {
				return fmt.Errorf("%s is a command, not a setting", key[0])
			}
			return nil
		}); err != nil {
			return nil, goshawk.Errorf(goshawk.Invalid, "%w", err).WithHint("write its settings under [%s]", key[0])
		}
		if len(key) == 1 {
			continue // what is in the table follows
		}
		table := map[string]toml.Primitive{}
		if err := meta.PrimitiveDecode(s.value, &table); err != nil {
			return nil, err
		}
		s.value = table[key[1]]
		if !flags[key[0]][key[1]] {
			return nil, s.unknown("goshawk "+key[0]+" has", key[1], slices.Sorted(maps.Keys(flags[key[0]])))
		}
		if key[0] == c.name {
			own[key[1]] = s
		}
	}
	return own, nil
}

func readSettings(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // read only
	data, err := io.ReadAll(io.LimitReader(f, mostSettings+1))
	if err != nil {
		return nil, err
	}
	var bad int
	if !utf8.Valid(data) {
		for bad = 0; ; {
			r, size := utf8.DecodeRune(data[bad:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			bad += size
		}
	} else {
		bad = bytes.IndexByte(data, 0)
	}
	switch {
	case len(data) > mostSettings:
		return nil, goshawk.Errorf(goshawk.Invalid, "%s has more than %d MB: it is no settings file", path, mostSettings>>20).WithHint("name the right one with --config FILE")
	case bad >= 0:
		return nil, goshawk.Errorf(goshawk.Invalid, "the settings file %s is not UTF-8 text: line %d holds a byte %#02x", path, bytes.Count(data[:bad], []byte("\n"))+1, data[bad]).
			WithHint("save it as UTF-8")
	}
	return data, nil
}

// settable lists the flags that settings have the names of: by verb, and all.
func settable() (byVerb map[string]map[string]bool, every map[string]bool) {
	byVerb, every = map[string]map[string]bool{}, map[string]bool{}
	for _, v := range verbs() {
		byVerb[v.name] = flagsOf(v)
		maps.Copy(every, byVerb[v.name])
	}
	return byVerb, every
}

// flagsOf lists the flags that a settings file may set for a verb.
func flagsOf(v verb) map[string]bool {
	c := newCommand(&terminal{out: io.Discard, err: io.Discard}, v)
	c.args = []string{"--help"}
	// Asked for help a verb defines its flags and returns.
	if err := v.run(context.Background(), c.t, c); !errors.Is(err, flag.ErrHelp) {
		panic(err)
	}
	names := map[string]bool{}
	c.VisitAll(func(f *flag.Flag) { names[f.Name] = true })
	delete(names, "config") // a settings file names no other
	return names
}

// setting is one value of the settings file.
type setting struct {
	path  string
	meta  *toml.MetaData
	value toml.Primitive
}

// read gives the value to set. An error says where the value is.
func (s setting) read(set func(value any) error) error {
	err := s.meta.PrimitiveDecode(s.value, setter(set))
	at, ok := errors.AsType[toml.ParseError](err)
	switch {
	case !ok:
		return err
	case at.Position.Line == 0: // the name of a table that is written with dots only
		return badUsage("%s, in the settings file %s", at.Message, s.path)
	}
	return badUsage("%s, in the settings file %s, line %d", at.Message, s.path, at.Position.Line)
}

// setter is how the TOML package hands a value over with its place.
type setter func(value any) error

// UnmarshalTOML implements toml.Unmarshaler.
func (s setter) UnmarshalTOML(value any) error { return s(value) }

// unknown refuses a name that no flag has.
func (s setting) unknown(whose, name string, known []string) error {
	err := s.read(func(any) error { return fmt.Errorf("%s no setting %q", whose, name) })
	if near := nearest(name, known); near != "" {
		return goshawk.Errorf(goshawk.Invalid, "%w", err).WithHint("did you mean %s?", near)
	}
	return goshawk.Errorf(goshawk.Invalid, "%w", err).WithHint("settings have the names of flags; --help lists them")
}

// nearest returns the name that was probably meant, or "".
func nearest(written string, names []string) string {
	best, least := "", len(written)/3+1
	for _, name := range names {
		if d := distance(strings.ReplaceAll(written, "_", "-"), name); d <= least && (best == "" || d < least) {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to put in, take out or change to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
