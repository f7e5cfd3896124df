package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/internal/disk"
	"goshawk/label"
	"goshawk/report"
	"goshawk/workbench"
)

func runLabel(ctx context.Context, t *terminal, c *command) (err error) {
	s := c.dataFlags().labelFlags()
	format := c.format("text", "json")
	if err := c.parse(0, -1); err != nil {
		return err
	}
	if len(c.args) == 0 {
		return badUsage("say what to do: import, list or show")
	}
	action, args := c.args[0], c.args[1:]
	if action != "show" {
		if err := c.refuse("adds labels to one answer, and label "+action+" gives none", "labels"); err != nil {
			return err
		}
	}
	switch action {
	case "import":
		if len(args) == 0 {
			return badUsage("say what to import: files or folders of labels")
		}
		return s.importLabels(args, *format == "json")
	case "list":
		if len(args) > 0 {
			return badUsage("%q is one argument too many", args[0])
		}
		return s.listLabels(*format == "json")
	case "show":
		if len(args) != 1 {
			return badUsage("say which address: label show ADDRESS")
		}
		return s.showLabels(args[0], *format == "json")
	}
	return badUsage("label cannot %q: it can import, list and show", action)
}

// importLabels merges files into the store and replaces it.
func (s *source) importLabels(paths []string, asJSON bool) (err error) {
	folder, err := s.dataFolder()
	if err != nil {
		return err
	}
	fsys, err := disk.Make(folder)
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot make the data folder: %w", err)
	}
	lock, err := fsys.Lock("labels.lock")
	if errors.Is(err, disk.ErrLocked) {
		return goshawk.Errorf(goshawk.Locked, "another program is importing labels").WithHint("wait until it ends")
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	added, err := s.readLabels(paths)
	if err != nil {
		return err
	}
	if len(added) == 0 {
		return goshawk.Errorf(goshawk.NotFound, "there are no labels in what was named").WithHint("labels are read from TagPacks and ActorPacks (YAML), sanctions lists (JSON), CSV and lists of addresses")
	}
	today := time.Now().UTC().Format(time.DateOnly)
	for _, a := range added {
		a.Imported = today
	}
	store, closeStore, err := s.storedLabels()
	if err != nil {
		return err
	}
	sources, changes, err := label.Merge(store, added)
	if err != nil {
		return errors.Join(err, closeStore())
	}
	var buf bytes.Buffer
	if err := errors.Join(label.Write(&buf, sources), closeStore()); err != nil {
		return err
	}
	if err := disk.WriteFile(fsys, workbench.LabelStore, buf.Bytes()); err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot write the label store: %w", err)
	}
	type imported struct {
		Source  string `json:"source"`
		Hash    string `json:"hash"`
		Outcome string `json:"outcome"`
		Labels  int    `json:"labels"`
		Skipped int    `json:"skipped"`
		LeftOut int    `json:"left_out"`
	}
	list := []imported{}
	total := 0
	for _, ch := range changes {
		list = append(list, imported{ch.Source.Name, ch.Source.Hash, string(ch.Outcome), ch.Source.Count, ch.Source.Skipped, ch.Source.LeftOut})
		if ch.Outcome == label.Added || ch.Outcome == label.Replaced {
			total += ch.Source.Count
		}
	}
	if asJSON {
		return s.c.json(list)
	}
	for _, x := range list {
		note := ""
		if x.LeftOut > 0 {
			note = fmt.Sprintf("  (%s left out)", goshawk.Group(strconv.Itoa(x.LeftOut)))
		}
		fmt.Fprintf(s.c.t.out, "%-10s %14s  %s%s\n", x.Outcome, goshawk.Count(x.Labels, "label", "labels"), x.Source, note)
	}
	_, err = fmt.Fprintf(s.c.t.out, "%s imported from %s.\n", goshawk.Count(total, "label", "labels"), goshawk.Count(len(list), "file", "files"))
	return err
}

// json prints a value as indented JSON.
func (c *command) json(v any) error {
	enc := json.NewEncoder(c.t.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (s *source) listLabels(asJSON bool) (err error) {
	store, closeStore, err := s.storedLabels()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	type stored struct {
		goshawk.LabelSource
		Title      string `json:"title,omitempty"`
		Imported   string `json:"imported"`
		Superseded bool   `json:"superseded"`
	}
	list := []stored{}
	if store != nil {
		for _, x := range store.Sources() {
			list = append(list, stored{x.LabelSource(), x.Title, x.Imported, x.Superseded})
		}
	}
	if asJSON {
		return s.c.json(list)
	}
	if len(list) == 0 {
		s.c.say("There are no labels yet: 'goshawk label import PATH…' adds some.")
		return nil
	}
	for _, x := range list {
		note := ""
		if x.Superseded {
			note = "  replaced by a newer version"
		}
		fmt.Fprintf(s.c.t.out, "%14s  imported %s  %s  %s%s\n", goshawk.Count(x.Labels, "label", "labels"), x.Imported, x.Hash[:12], x.Source, note)
	}
	return nil
}

func (s *source) showLabels(address string, asJSON bool) (err error) {
	set, closeLabels, err := s.labelSet()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLabels()) }()
	labels := set.Lookup(address)
	if len(labels) == 0 {
		if _, err := bitcoin.AddressCheck()(address, ""); err != nil {
			return err
		}
	}
	if asJSON {
		if labels == nil {
			labels = []goshawk.Label{}
		}
		return s.c.json(labels)
	}
	if len(labels) == 0 {
		s.c.say("No label speaks of %s. That says nothing about who controls it.", address)
		return nil
	}
	return report.LabelsText(s.c.t.out, &report.Labels{Address: address, Found: labels}, report.Style{Color: s.c.color()})
}
