package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"goshawk"
)

// command is one run of a verb: its flags, then its arguments.
type command struct {
	*flag.FlagSet
	t          *terminal
	name       string
	verb       verb
	args       []string // before parse all, after it those that are no flags
	quiet      *bool
	configFile *string
	settled    map[string]bool // flags that the environment or the settings file filled
}

func newCommand(t *terminal, v verb) *command {
	c := &command{FlagSet: flag.NewFlagSet(v.name, flag.ContinueOnError), t: t, name: v.name, settled: map[string]bool{}}
	c.FlagSet.SetOutput(io.Discard)
	c.FlagSet.Usage = func() {} // parse asks for help itself
	c.verb = v
	c.quiet = c.Bool("quiet", false, "no progress, no remarks: answers and errors only")
	c.configFile = c.String("config", "", "`FILE` of settings in TOML (default: goshawk/config.toml in the user's configuration folder)")
	return c
}

// help prints the verb's flags.
func (c *command) help() {
	summary := strings.ToUpper(c.verb.summary[:1]) + c.verb.summary[1:]
	fmt.Fprintf(c.t.out, "Usage: %s\n\n%s.\n\nFlags:\n", strings.TrimSpace("goshawk "+c.name+" [flags] "+c.verb.args), summary)
	c.VisitAll(func(f *flag.Flag) {
		kind, text := flag.UnquoteUsage(f)
		name := "--" + f.Name
		if kind != "" {
			name += " " + kind
		}
		fmt.Fprintf(c.t.out, "  %-28s %s", name, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", 31)))
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != fmt.Sprint(unset) && !strings.Contains(text, "default") {
			fmt.Fprintf(c.t.out, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(c.t.out)
	})
	fmt.Fprintf(c.t.out, "\nEvery flag can also be set as GOSHAWK_NAME in the environment, or as name = value in the settings file.\n")
}

// format adds the --format flag; the first choice is the default.
func (c *command) format(choices ...string) *string {
	v := &choice{value: choices[0], choices: choices}
	c.Var(v, "format", "answer as `FORM`: "+strings.Join(choices, ", "))
	return &v.value
}

// choice is a flag with a fixed set of values.
type choice struct {
	value   string
	choices []string
}

func (v *choice) String() string { return v.value }

func (v *choice) Set(s string) error {
	if !slices.Contains(v.choices, s) {
		return fmt.Errorf("it must be one of %s", strings.Join(v.choices, ", "))
	}
	v.value = s
	return nil
}

// list is a flag that may repeat and takes several values between commas.
type list struct {
	values []string
	whole  bool // commas do not separate
}

func (l *list) String() string { return strings.Join(l.values, ",") }

func (l *list) Set(s string) error {
	if l.whole {
		l.values = append(l.values, s)
		return nil
	}
	for _, v := range strings.Split(s, ",") {
		if v = strings.TrimSpace(v); v != "" {
			l.values = append(l.values, v)
		}
	}
	return nil
}

// moment is a flag that holds a time in UTC.
type moment struct {
	time.Time
	day bool // written as a date alone
}

// last is the end of what was written: of a date alone the day's last second.
func (m *moment) last() time.Time {
	if m.day {
		return m.Add(24*time.Hour - time.Second)
	}
	return m.Time
}

func (m *moment) String() string {
	if m == nil || m.IsZero() {
		return ""
	}
	return m.Format(time.RFC3339)
}

func (m *moment) Set(s string) error {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			m.Time, m.day = t.UTC(), layout == time.DateOnly
			return nil
		}
	}
	return errors.New("write it as 2024-05-31 or 2024-05-31T14:00:00Z")
}

// parse reads flags and arguments in any order, fills flags that were not given
// from the environment and the settings file, and checks the number of
// arguments; most < 0 means no limit.
func (c *command) parse(least, most int) error {
	var rest []string
	for args := c.args; len(args) > 0; {
		n := len(args)
		if err := c.FlagSet.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				c.help()
				return err
			}
			return badUsage("%s", friendly(err.Error()))
		}
		args = c.FlagSet.Args()
		if taken := n - len(args); taken > 0 && c.args[len(c.args)-len(args)-1] == "--" && !c.isValue(c.args[:len(c.args)-len(args)]) {
			rest = append(rest, args...)
			break
		}
		if len(args) > 0 {
			rest = append(rest, args[0])
			args = args[1:]
		}
	}
	c.args = rest
	if err := c.settings(); err != nil {
		return err
	}
	if len(rest) < least {
		return badUsage("an argument is missing: goshawk %s %s", c.name, c.verb.args)
	}
	if most >= 0 && len(rest) > most {
		return badUsage("%q is one argument too many", rest[most])
	}
	return nil
}

// isValue says whether the last argument is the value of the flag before it.
func (c *command) isValue(args []string) bool {
	if len(args) < 2 || !strings.HasPrefix(args[len(args)-2], "-") {
		return false
	}
	name := strings.TrimLeft(args[len(args)-2], "-")
	f := c.Lookup(name)
	if f == nil {
		return false
	}
	b, isBool := f.Value.(interface{ IsBoolFlag() bool })
	return !isBool || !b.IsBoolFlag()
}

// friendly words the flag package's errors.
func friendly(message string) string {
	message = strings.Replace(message, "flag provided but not defined: -", "there is no flag --", 1)
	message = strings.Replace(message, "flag needs an argument: -", "a value is missing after --", 1)
	if rest, ok := strings.CutPrefix(message, "invalid value "); ok {
		value, rest, _ := strings.Cut(rest, " for flag -")
		name, why, _ := strings.Cut(rest, ": ")
		if why == "parse error" {
			why = "it must be a number"
		}
		return fmt.Sprintf("--%s cannot be %s: %s", name, value, why)
	}
	return message
}

// settings fills the flags that the command line left out.
func (c *command) settings() error {
	given := map[string]bool{}
	c.Visit(func(f *flag.Flag) { given[f.Name] = true })
	path := *c.configFile
	if path == "" {
		path, _ = c.t.env("GOSHAWK_CONFIG")
	}
	asked := path != ""
	if path == "" {
		if dir, err := os.UserConfigDir(); err == nil {
			path = filepath.Join(dir, "goshawk", "config.toml")
		}
	}
	values := map[string]any{}
	if data, err := os.ReadFile(path); err == nil {
		if _, err := toml.NewDecoder(bytes.NewReader(data)).Decode(&values); err != nil {
			return goshawk.Errorf(goshawk.Invalid, "the settings file %s cannot be read: %v", path, err).WithHint("write it as TOML: name = value, with the names of flags")
		}
	} else if asked {
		return goshawk.Errorf(goshawk.NotFound, "cannot read the settings file: %w", err)
	}
	if own, ok := values[c.name].(map[string]any); ok { // [trace], [ingest], …
		for k, v := range own {
			values[k] = v
		}
	}
	var failed error
	c.VisitAll(func(f *flag.Flag) {
		if given[f.Name] || failed != nil {
			return
		}
		text, _ := c.t.env("GOSHAWK_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")))
		where := "the environment"
		if text == "" {
			v, ok := values[f.Name]
			if !ok {
				return
			}
			text, where = fmt.Sprint(v), "the settings file"
			if l, ok := v.([]any); ok {
				var parts []string
				for _, p := range l {
					parts = append(parts, fmt.Sprint(p))
				}
				text = strings.Join(parts, ",")
			}
		}
		c.settled[f.Name] = true
		if err := c.Set(f.Name, text); err != nil {
			failed = badUsage("%s, in %s", friendly(fmt.Sprintf("invalid value %q for flag -%s: %v", text, f.Name, err)), where)
		}
	})
	return failed
}

// giveWay empties a flag that only the environment or the settings file filled,
// where the command line itself asks for something that excludes it.
func (c *command) giveWay(name string, value *string) {
	if c.settled[name] {
		*value = ""
	}
}

// say prints a remark for people.
func (c *command) say(format string, args ...any) {
	if !*c.quiet {
		fmt.Fprintf(c.t.err, format+"\n", args...)
	}
}
