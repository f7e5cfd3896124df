package casebook

import (
	"strings"

	"goshawk"
)

// FieldRule says what a field of a record may hold.
type FieldRule struct {
	Name  string // ending in "/": a family, whose fields' names go on with an ID
	Check Check
	Need  bool // a record is not begun without it
	Once  bool // set when its record is begun, and not changed
	Text  bool // long text: merged line by line
	Find  bool // found by the search
	Lead  bool // changed by who leads the case
	Made  bool // what the server saw, computed or fixed: nobody writes it by hand
	Names Kind // what is written by hand is the ID of a record of this kind in the case
	// Begins is what a field that is Made may be begun with by hand: the server takes it on from there.
	Begins string
}

// KindRule says what a kind of record is.
type KindRule struct {
	Kind   Kind
	Name   string // in words, for people
	Single bool   // there is one in a case, with the ID "case"
	Keep   bool   // never deleted: it is evidence, or the trail of it
	While  string // people write in a record, and delete it, only while its field "state" says this; "": at any time
	Fields []FieldRule
}

// The kinds of records.
const (
	KindCase     Kind = "case"     // the case's own fields
	KindMember   Kind = "member"   // who works on it; the record's ID is the person's
	KindNote     Kind = "note"     // Markdown
	KindTask     Kind = "task"     //
	KindEvent    Kind = "event"    // of the timeline
	KindSubject  Kind = "subject"  // an address, transaction or coin of interest
	KindWallet   Kind = "wallet"   // an extended key or descriptor that was seized
	KindExhibit  Kind = "exhibit"  // bytes that were fixed
	KindCustody  Kind = "custody"  // an exhibit's way from one custodian to the next
	KindGraph    Kind = "graph"    // a picture: nodes, edges, groups, what they look like
	KindSnapshot Kind = "snapshot" // a picture as it was
	KindShare    Kind = "share"    // of a snapshot, with somebody who sees nothing else of the case
	KindRun      Kind = "run"      // a trace that was made
	KindFinding  Kind = "finding"  //
	KindLetter   Kind = "letter"   // to a service
	KindAnswer   Kind = "answer"   // of a service
	KindWatch    Kind = "watch"    // what is watched for movement
	KindAlert    Kind = "alert"    // a movement that was seen
	KindReport   Kind = "report"   // what goes into the report
)

// Deleted is the field that every record has: true where it was deleted. The
// record is kept, and can be taken back.
const Deleted = "deleted"

// Kinds lists every kind of record with its fields. The list is not to be changed.
func Kinds() []KindRule { return kinds }

// kinds is made once: a change of thousands of edits looks at it for each.
var kinds = allKinds(Line(200), Text(200_000))

// one is a kind with its article.
func (k Kind) one() string {
	if strings.IndexAny(string(k), "aeiou") == 0 {
		return "an " + string(k)
	}
	return "a " + string(k)
}

func allKinds(line, text Check) []KindRule {
	return []KindRule{
		{Kind: KindCase, Name: "case", Single: true, Keep: true, Fields: []FieldRule{
			{Name: "title", Check: line, Need: true, Find: true},
			{Name: "reference", Check: line, Find: true},
			{Name: "status", Check: OneOf("open", "waiting", "closed"), Need: true, Lead: true},
			{Name: "marking", Check: line, Lead: true},
			{Name: "summary", Check: text, Text: true, Find: true},
			{Name: "question", Check: text, Text: true, Find: true},
			{Name: "retain", Check: Date, Lead: true},
			{Name: "ledger", Check: line},
			{Name: "currency", Check: Currency},
		}},
		{Kind: KindMember, Name: "member", Fields: []FieldRule{
			{Name: "part", Check: OneOf("lead", "worker", "viewer"), Need: true, Lead: true},
		}},
		{Kind: KindNote, Name: "note", Fields: []FieldRule{
			{Name: "title", Check: line, Find: true},
			{Name: "text", Check: text, Text: true, Find: true},
		}},
		{Kind: KindTask, Name: "task", Fields: []FieldRule{
			{Name: "title", Check: line, Need: true, Find: true},
			{Name: "text", Check: text, Text: true, Find: true},
			{Name: "assignee", Check: IDText},
			{Name: "due", Check: Date},
			{Name: "done", Check: Flag},
		}},
		{Kind: KindEvent, Name: "event", Fields: []FieldRule{
			{Name: "at", Check: Time, Need: true},
			{Name: "title", Check: line, Need: true, Find: true},
			{Name: "text", Check: text, Text: true, Find: true},
			{Name: "subject", Check: line, Find: true},
		}},
		{Kind: KindSubject, Name: "address or transaction", Fields: []FieldRule{
			{Name: "network", Check: line, Need: true, Once: true},
			{Name: "what", Check: OneOf("address", "transaction", "coin"), Need: true, Once: true},
			{Name: "text", Check: line, Need: true, Once: true, Find: true},
			{Name: "title", Check: line, Find: true},
			{Name: "comment", Check: text, Text: true, Find: true},
			{Name: "source", Check: line, Find: true},
			{Name: "colour", Check: line},
		}},
		{Kind: KindWallet, Name: "wallet", Fields: []FieldRule{
			{Name: "network", Check: line, Need: true, Once: true},
			{Name: "key", Check: Line(2_000), Need: true, Once: true, Find: true},
			{Name: "title", Check: line, Find: true},
			{Name: "comment", Check: text, Text: true, Find: true},
			{Name: "gap", Check: Count},
		}},
		{Kind: KindExhibit, Name: "exhibit", Keep: true, Fields: []FieldRule{
			{Name: "number", Check: line, Need: true, Once: true, Find: true, Made: true},
			{Name: "name", Check: line, Need: true, Once: true, Find: true, Made: true},
			{Name: "media", Check: line, Need: true, Once: true, Made: true},
			{Name: "sha256", Check: Hex(64), Need: true, Once: true, Find: true, Made: true},
			{Name: "bytes", Check: Count, Need: true, Once: true, Made: true},
			{Name: "source", Check: Line(2_000), Need: true, Once: true, Find: true, Made: true}, // said with the bytes, as the next two
			{Name: "obtained", Check: Time, Need: true, Once: true, Made: true},
			{Name: "custodian", Check: line, Need: true, Once: true, Made: true},
			{Name: "comment", Check: text, Text: true, Find: true},
		}},
		{Kind: KindCustody, Name: "custody", Keep: true, Fields: []FieldRule{
			{Name: "exhibit", Check: IDText, Need: true, Once: true, Names: KindExhibit},
			{Name: "at", Check: Time, Need: true, Once: true},
			{Name: "from", Check: line, Need: true, Once: true},
			{Name: "to", Check: line, Need: true, Once: true},
			{Name: "reason", Check: Line(2_000), Need: true, Once: true, Find: true},
		}},
		{Kind: KindGraph, Name: "graph", Fields: []FieldRule{
			{Name: "title", Check: line, Need: true, Find: true},
			{Name: "view", Check: drawn(4_000, drawnView)},
			{Name: "node/", Check: drawn(8_000, drawnNode)},
			{Name: "edge/", Check: drawn(8_000, drawnEdge)},
			{Name: "group/", Check: drawn(8_000, drawnGroup)},
		}},
		{Kind: KindSnapshot, Name: "snapshot", Keep: true, Fields: []FieldRule{
			{Name: "title", Check: line, Need: true, Once: true, Find: true},
			{Name: "graph", Check: IDText, Need: true, Once: true, Names: KindGraph},
			{Name: "seq", Check: Count, Need: true, Once: true},
		}},
		{Kind: KindShare, Name: "share", Keep: true, Fields: []FieldRule{
			{Name: "snapshot", Check: IDText, Need: true, Once: true, Lead: true, Made: true},
			{Name: "person", Check: IDText, Need: true, Once: true, Lead: true, Made: true},
			{Name: "until", Check: Time, Need: true, Once: true, Lead: true, Made: true},
			{Name: "by", Check: line, Once: true, Lead: true, Made: true},
			{Name: "ended", Check: Flag, Lead: true, Made: true},
		}},
		{Kind: KindRun, Name: "trace", Keep: true, Fields: []FieldRule{
			{Name: "question", Check: Seen(200_000), Need: true, Once: true, Made: true},
			{Name: "state", Check: OneOf("running", "done", "failed", "cancelled"), Need: true, Made: true},
			{Name: "summary", Check: Object(1_000_000), Made: true},
			{Name: "exhibit", Check: IDText, Made: true},
			{Name: "used", Check: Flag},
			{Name: "title", Check: line, Find: true},
		}},
		{Kind: KindFinding, Name: "finding", Fields: []FieldRule{
			{Name: "title", Check: line, Need: true, Find: true},
			{Name: "text", Check: text, Text: true, Find: true},
			{Name: "exhibits", Check: List(500)},
			{Name: "runs", Check: List(500)},
			{Name: "support", Check: text, Text: true, Find: true},
			{Name: "order", Check: Count},
		}},
		{Kind: KindLetter, Name: "letter", While: "draft", Fields: []FieldRule{
			{Name: "service", Check: line, Need: true, Find: true},
			{Name: "profile", Check: IDText},
			{Name: "state", Check: OneOf("draft", "sent", "answered", "withdrawn"), Need: true, Made: true, Begins: "draft"},
			{Name: "reference", Check: line, Find: true},
			{Name: "language", Check: line},
			{Name: "from", Check: Time},
			{Name: "until", Check: Time},
			{Name: "identifiers", Check: Seen(1_000_000), Find: true},
			{Name: "ask", Check: List(50)},
			{Name: "paper", Check: Line(2_000), Find: true},
			{Name: "text", Check: text, Text: true, Find: true},
			{Name: "sent", Check: Time, Made: true},
			{Name: "due", Check: Date},
			{Name: "run", Check: IDText},
			{Name: "exhibit", Check: IDText, Made: true}, // its bytes as they were sent
			{Name: "print", Check: IDText, Made: true},   // the same, as PDF
			{Name: "annex", Check: IDText, Made: true},   // the identifiers, as CSV
			{Name: "hold", Check: Count},                 // for how many days things are to be kept or held
			{Name: "reminded", Check: List(50), Made: true},
		}},
		{Kind: KindAnswer, Name: "answer", Keep: true, Fields: []FieldRule{
			{Name: "letter", Check: IDText, Once: true, Names: KindLetter},
			{Name: "service", Check: line, Need: true, Once: true, Find: true},
			{Name: "exhibit", Check: IDText, Need: true, Once: true, Names: KindExhibit},
			{Name: "mapping", Check: Object(20_000), Once: true}, // what its columns mean, called as in the file
			{Name: "ledger", Check: IDText, Once: true},
			{Name: "summary", Check: Object(1_000_000), Made: true},
			{Name: "comment", Check: text, Text: true, Find: true},
		}},
		{Kind: KindWatch, Name: "watch", Fields: []FieldRule{
			{Name: "what", Check: OneOf("address", "coin", "ends"), Need: true, Once: true},
			{Name: "text", Check: Line(2_000), Need: true, Once: true, Find: true},
			{Name: "ledger", Check: IDText, Need: true, Once: true},
			{Name: "title", Check: line, Find: true},
			{Name: "mail/", Check: Flag}, // and a person's ID: they are told by mail
			{Name: "webhook", Check: Flag},
			{Name: "since", Check: Count},
		}},
		{Kind: KindAlert, Name: "alert", Keep: true, Fields: []FieldRule{
			{Name: "watch", Check: IDText, Need: true, Once: true, Made: true},
			{Name: "movement", Check: Object(20_000), Need: true, Once: true, Find: true, Made: true},
			{Name: "at", Check: Time, Need: true, Once: true, Made: true},
			{Name: "state", Check: OneOf("confirmed", "unconfirmed", "dropped", "taken back"), Need: true, Made: true},
			{Name: "block", Check: Object(1_000), Made: true},
			{Name: "seen", Check: Flag},
		}},
		{Kind: KindReport, Name: "report", Single: true, Keep: true, Fields: []FieldRule{
			{Name: "author", Check: line},
			{Name: "qualification", Check: text, Text: true},
			{Name: "alternatives", Check: text, Text: true, Find: true},
			{Name: "limitations", Check: text, Text: true, Find: true},
			{Name: "graph", Check: IDText},
		}},
	}
}

// Lookup returns what is known of a kind's field.
func Lookup(k Kind, name string) (FieldRule, bool) {
	for _, rule := range kinds {
		if rule.Kind == k {
			return rule.Field(name)
		}
	}
	return FieldRule{}, false
}

// Field returns the rule for a field of the kind.
func (k KindRule) Field(name string) (FieldRule, bool) {
	if name == Deleted && !k.Keep {
		return FieldRule{Name: Deleted, Check: Flag, Lead: k.Kind == KindMember}, true
	}
	for _, f := range k.Fields {
		rest, under := strings.CutPrefix(name, f.Name)
		if family := strings.HasSuffix(f.Name, "/"); under && (family && goshawk.ID(rest).Valid() || !family && rest == "") {
			return f, true
		}
	}
	return FieldRule{}, false
}
