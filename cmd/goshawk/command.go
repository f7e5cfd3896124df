package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
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
	given      map[string]bool // flags that the command line set
	settled    map[string]bool // flags that the environment or the settings file filled
	exclusive  [][]string      // flags of which one can be meant
	ownOnly    []string        // flags that only the command line sets
}

func newCommand(t *terminal, v verb) *command {
	c := &command{FlagSet: flag.NewFlagSet(v.name, flag.ContinueOnError), t: t, name: v.name, given: map[string]bool{}, settled: map[string]bool{}}
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
	limited := false
	c.VisitAll(func(f *flag.Flag) {
		if o, ok := f.Value.(*once); ok {
			_, is := o.Value.(*limit)
			limited = limited || is
		}
		kind, text := flag.UnquoteUsage(f)
		name := "--" + f.Name
		if kind != "" {
			name += " " + kind
		}
		fmt.Fprintf(c.t.out, "  %-28s %s", name, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", 31)))
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && !strings.Contains(text, "default") {
			fmt.Fprintf(c.t.out, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(c.t.out)
	})
	if limited {
		fmt.Fprintf(c.t.out, "\nA limit is meant as it is written, 0 too; 'all' lifts it.\n")
	}
	fmt.Fprintf(c.t.out, "\nEvery flag can also be set as GOSHAWK_NAME in the environment, or as name = value in the settings file.\nWhat can be given again stands there between commas, paths between %q; in the file also as a list.\n", string(filepath.ListSeparator))
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
	strict bool // nothing between two commas is refused
}

func (l *list) String() string { return strings.Join(l.values, ",") }

func (l *list) Set(s string) error {
	if l.whole {
		l.values = append(l.values, s)
		return nil
	}
	for _, v := range strings.Split(s, ",") {
		switch v = strings.TrimSpace(v); {
		case v != "":
			l.values = append(l.values, v)
		case l.strict:
			return errors.New("a name is missing before or after a comma")
		}
	}
	return nil
}

// limit is a flag that bounds something. It is meant as it is written, 0 too.
type limit struct{ n int }

// noLimit is more than anything that is counted.
const noLimit = math.MaxInt32 - 1

// limit adds a flag that bounds something; standard is what holds without it.
func (c *command) limit(name string, standard int, usage string) *int {
	l := &limit{standard}
	c.Var(l, name, usage)
	return &l.n
}

func (l *limit) String() string {
	if l.n == noLimit {
		return "all"
	}
	return strconv.Itoa(l.n)
}

func (l *limit) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 31)
	switch {
	case s == "all":
		n = noLimit
	case err != nil || n >= noLimit:
		return errors.New("it must be a number from 0 on, or all")
	}
	l.n = int(n)
	return nil
}

// setAll is Set for values that are apart already.
func (l *list) setAll(values []string) error {
	if l.whole {
		l.values = append(l.values, values...)
		return nil
	}
	return l.Set(strings.Join(values, ","))
}

// once is a flag that takes one value: another one beside it is refused.
type once struct {
	flag.Value
	first *string
}

func (o *once) Set(s string) error {
	if o.first != nil && *o.first != s {
		return fmt.Errorf("it was given as %q before", *o.first)
	}
	o.first = &s
	return o.Value.Set(s)
}

// IsBoolFlag lets a flag stand without a value.
func (o *once) IsBoolFlag() bool {
	b, ok := o.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
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
	c.VisitAll(func(f *flag.Flag) {
		if _, repeats := f.Value.(*list); !repeats {
			f.Value = &once{Value: f.Value}
		}
	})
	var rest []string
	for args := c.args; len(args) > 0; {
		n := len(args)
		if err := c.FlagSet.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				c.help()
				return err
			}
			return c.unreadable(err)
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
	c.Visit(func(f *flag.Flag) { c.given[f.Name] = true })
	if err := c.settings(); err != nil {
		return err
	}
	if len(rest) < least {
		return c.missing()
	}
	if most >= 0 && len(rest) > most {
		err := badUsage("%q is one argument too many", rest[most])
		if c.given["compare"] {
			err = err.WithHint("write the methods to compare behind an equals sign: --compare=%s", rest[most])
		}
		return err
	}
	return nil
}

func (c *command) missing() error {
	return badUsage("an argument is missing: goshawk %s %s", c.name, c.verb.args)
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
	b, isBool := f.Value.(interface{ IsBoolFlag() bool }) // a list is none
	return !isBool || !b.IsBoolFlag()
}

// unreadable words what the flag package refused.
func (c *command) unreadable(err error) error {
	message := friendly(err.Error())
	if written, ok := strings.CutPrefix(message, "there is no flag --"); ok {
		if _, err := strconv.ParseFloat(written, 64); err == nil {
			return badUsage("-%s is no flag, and nothing else begins with a dash", written).WithHint("heights, limits and amounts are counted from 0")
		}
		var names []string
		c.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
		if near := nearest(written, names); near != "" {
			return badUsage("%s", message).WithHint("did you mean --%s? 'goshawk %s --help' lists the flags", near, c.name)
		}
	}
	return badUsage("%s", message)
}

// friendly words the flag package's errors.
func friendly(message string) string {
	message = strings.Replace(message, "flag provided but not defined: -", "there is no flag --", 1)
	message = strings.Replace(message, "flag needs an argument: -", "a value is missing after --", 1)
	for _, form := range []struct{ before, between, right string }{
		{"invalid value ", " for flag -", "it must be a number"},
		{"invalid boolean value ", " for -", "it must be true or false"},
	} {
		rest, ok := strings.CutPrefix(message, form.before)
		value, err := strconv.QuotedPrefix(rest)
		if !ok || err != nil {
			continue
		}
		name, why, _ := strings.Cut(strings.TrimPrefix(rest[len(value):], form.between), ": ")
		if why == "parse error" {
			why = form.right
		}
		return fmt.Sprintf("--%s cannot be %s: %s", name, value, why)
	}
	return message
}

// anArgument stands among exclusive flags for an argument.
const anArgument = ""

// alternatives declares flags that exclude each other, before parse. Where the
// command line has one of them, a setting of another is not looked at; so with
// the environment and the settings file.
func (c *command) alternatives(names ...string) { c.exclusive = append(c.exclusive, names) }

// excluded says whether a flag has no place beside those that are set.
func (c *command) excluded(name string, set map[string]bool) bool {
	for _, group := range c.exclusive {
		if slices.Contains(group, name) && slices.ContainsFunc(group, func(other string) bool { return other != name && set[other] }) {
			return true
		}
	}
	return false
}

// set lists the flags that are set to something so far.
func (c *command) set() map[string]bool {
	set := map[string]bool{anArgument: len(c.args) > 0}
	c.VisitAll(func(f *flag.Flag) {
		value := f.Value.String()
		set[f.Name] = (c.given[f.Name] || c.settled[f.Name]) && value != "" && value != "false" && value != "0"
	})
	return set
}

// givesWay says whether a setting contradicts what the command line says.
func (c *command) givesWay(setting string, to ...string) bool {
	return c.settled[setting] && slices.ContainsFunc(to, func(name string) bool { return c.given[name] })
}

// refuse refuses flags of the command line that mean nothing beside the rest of
// it. Those of the environment and the settings file just have nothing to do.
func (c *command) refuse(why string, names ...string) error {
	for _, name := range names {
		if c.given[name] {
			return badUsage("--%s %s", name, why)
		}
	}
	return nil
}

// oneOf refuses two flags that exclude each other, where neither gave way to the
// other: both are of the command line, of the environment or of the settings file.
func (c *command) oneOf(names ...string) error {
	names = slices.DeleteFunc(names, func(name string) bool { return !c.given[name] && !c.settled[name] })
	switch {
	case len(names) < 2:
		return nil
	case c.settled[names[0]]:
		return badUsage("the settings --%s and --%s exclude each other", names[0], names[1]).WithHint("leave one of them out, in the environment or the settings file")
	}
	return badUsage("--%s and --%s exclude each other", names[0], names[1])
}

// inOrder refuses a stretch of time that ends before it begins. Where one of its
// ends is a setting, and the command line has the other, the setting gives way.
func (c *command) inOrder(from string, since *moment, to string, until *moment) error {
	switch {
	case since.IsZero() || until.IsZero() || !since.After(until.last()):
	case c.givesWay(from, to):
		c.say("The setting --%s %v gives way: no time is after it and before --%s %v.", from, since, to, until)
		*since = moment{}
	case c.givesWay(to, from):
		c.say("The setting --%s %v gives way: no time is before it and after --%s %v.", to, until, from, since)
		*until = moment{}
	default:
		return badUsage("--%s %v and --%s %v contradict each other: no time is after the one and before the other", from, since, to, until)
	}
	return nil
}

// say prints a remark for people.
func (c *command) say(format string, args ...any) {
	if !*c.quiet {
		fmt.Fprintf(c.t.err, format+"\n", args...)
	}
}
