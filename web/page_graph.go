package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
)

// graphEntry is a graph or a snapshot in the list of a case's.
type graphEntry struct {
	id, graph    goshawk.ID // graph: of a snapshot
	title        string
	nodes, edges int
	seq          int64 // of a snapshot: the change
}

// graphs lists a case's graphs and snapshots.
func (q *request) graphs() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "listed the graphs", casebook.KindGraph, casebook.KindSnapshot, casebook.KindShare, casebook.KindSubject)
	if err != nil {
		return err
	}
	var list, fixed []graphEntry
	begun := min(len(records(c, casebook.KindSubject)), mostBegun)
	for id, r := range c.Records[casebook.KindGraph] {
		if r.Gone() {
			continue
		}
		g := graphEntry{id: id, title: r.Text("title")}
		for name := range r {
			switch {
			case strings.HasPrefix(name, "node/"):
				g.nodes++
			case strings.HasPrefix(name, "edge/"):
				g.edges++
			}
		}
		list = append(list, g)
	}
	for id, r := range c.Records[casebook.KindSnapshot] {
		fixed = append(fixed, graphEntry{id: id, graph: goshawk.ID(r.Text("graph")), title: r.Text("title"), seq: r.Number("seq")})
	}
	byTitle := func(a, b graphEntry) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.title), strings.ToLower(b.title)), cmp.Compare(a.id, b.id))
	}
	slices.SortFunc(list, byTitle)
	slices.SortFunc(fixed, func(a, b graphEntry) int { return cmp.Or(cmp.Compare(b.seq, a.seq), byTitle(a, b)) })
	v := q.casePage(&c.Summary, "/graphs", q.words().t("graphs.title"))
	shares, err := q.standingShares(c)
	if err != nil {
		return err
	}
	return q.show(v, graphsPage(v, list, fixed, shares, begun))
}

// mostBegun is the most of a case's addresses and transactions that a graph begins with: more are no picture.
const mostBegun = 200

// newGraph begins a graph, with what the case is about where that is wished, and opens it.
func (q *request) newGraph() error {
	title := strings.TrimSpace(q.FormValue("title"))
	if title == "" {
		return goshawk.Errorf(goshawk.Invalid, "a graph needs a title").WithHint("go back and say what it shows")
	}
	id := casebook.NewID()
	c := goshawk.ID(q.PathValue("case"))
	edits := []casebook.Edit{casebook.Set(casebook.KindGraph, id, "title", title)}
	if q.FormValue("with") == "case" {
		of, err := q.s.Book.Read(q.Context(), q.subject, c, "read the addresses, to draw them", casebook.KindSubject)
		if err != nil {
			return err
		}
		edits = append(edits, subjectNodes(id, records(of, casebook.KindSubject))...)
	}
	if _, err := q.s.Book.Change(q.Context(), q.subject, c, "began a graph", edits); err != nil {
		return err
	}
	http.Redirect(q.w, q.Request, casePath(c)+"/graphs/"+string(id), http.StatusSeeOther)
	return nil
}

// subjectNodes puts addresses, transactions and coins into a graph, in columns of ten.
func subjectNodes(graph goshawk.ID, list []record) []casebook.Edit {
	var edits []casebook.Edit
	for i, r := range list[:min(len(list), mostBegun)] {
		node := map[string]any{"what": r.Text("what"), "network": r.Text("network"), "text": r.Text("text"), "x": i / 10 * 260, "y": i % 10 * 90}
		if t := r.Text("title"); t != "" {
			node["title"] = t
		}
		prefix := map[string]string{"address": "a:", "transaction": "t:", "coin": "u:"}[r.Text("what")]
		edits = append(edits, casebook.Set(casebook.KindGraph, graph, "node/"+prefix+r.Text("text"), node))
	}
	return edits
}

// graphView is what the page of a graph holds beside the picture.
type graphView struct {
	*casebook.Version
	snapshot string // its title; "" where the graph is shown as it stands
	nodes    []graphNode
	edges    []graphEdge
	more     int             // rows that are left out
	shared   *casebook.Share // who looks sees this snapshot, and nothing else of the case; nil: a member looks
}

// graphNode and graphEdge are rows of the table that stands in for the picture where
// there are no scripts.
type graphNode struct {
	id    string
	What  string `json:"what"`
	Text  string `json:"text"`
	Title string `json:"title"`
	Note  string `json:"note"`
	Label *struct {
		Text       string `json:"text"`
		Confidence int    `json:"confidence"`
		Source     string `json:"source"`
		Because    string `json:"because"`
	} `json:"label"`
	Inferred bool `json:"inferred"`
}

type graphEdge struct {
	id       string
	From     string     `json:"from"`
	To       string     `json:"to"`
	What     string     `json:"what"`
	Value    string     `json:"value"`
	Method   string     `json:"method"`
	First    *time.Time `json:"first"`
	Inferred bool       `json:"inferred"`
}

// mostRows is how many rows of each kind the table without scripts has; the API has all.
const mostRows = 200

// graph is the page of one graph, or of a snapshot of it.
func (q *request) graph() error {
	id := goshawk.ID(q.PathValue("case"))
	at, snapshot, err := q.snapshot(id)
	if err != nil {
		return err
	}
	version, err := q.s.Book.Graph(q.Context(), q.subject, id, goshawk.ID(q.PathValue("graph")), at)
	if err != nil {
		return err
	}
	if version.Gone() && snapshot == "" {
		return goshawk.Errorf(goshawk.NotFound, "the graph was deleted").WithHint("its changes are in the history of the case, and can be taken back there")
	}
	g := &graphView{Version: version, snapshot: snapshot}
	g.rows()
	title := cmp.Or(snapshot, version.Text("title"))
	v := q.casePage(&version.Case, "/graphs", title, crumb{q.words().t("graphs.title"), casePath(id) + "/graphs"})
	v.wide = true
	return q.show(v, graphPage(v, g))
}

// snapshot finds the change at which the snapshot that the address names was taken.
func (q *request) snapshot(id goshawk.ID) (at int64, title string, err error) {
	name := goshawk.ID(q.URL.Query().Get("snapshot"))
	if name == "" {
		return 0, "", nil
	}
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "looked at a snapshot", casebook.KindSnapshot)
	if err != nil {
		return 0, "", err
	}
	r, ok := c.Records[casebook.KindSnapshot][name]
	if !ok || r.Text("graph") != q.PathValue("graph") || r.Number("seq") < 1 {
		return 0, "", goshawk.Errorf(goshawk.NotFound, "the graph has no such snapshot").WithHint("look for it among the graphs of the case")
	}
	return r.Number("seq"), r.Text("title"), nil
}

// rows reads what the table shows. What is not as it should be is left out of it.
func (g *graphView) rows() {
	for name, text := range g.Fields {
		if id, ok := strings.CutPrefix(name, "node/"); ok {
			n := graphNode{id: id}
			if json.Unmarshal(text, &n) == nil {
				g.nodes = append(g.nodes, n)
			}
		}
		if id, ok := strings.CutPrefix(name, "edge/"); ok {
			e := graphEdge{id: id}
			// A line whose end was removed is not drawn, and not listed.
			if json.Unmarshal(text, &e) == nil && g.Fields["node/"+e.From] != nil && g.Fields["node/"+e.To] != nil {
				g.edges = append(g.edges, e)
			}
		}
	}
	slices.SortFunc(g.nodes, func(a, b graphNode) int { return cmp.Compare(a.id, b.id) })
	slices.SortFunc(g.edges, func(a, b graphEdge) int { return cmp.Compare(a.id, b.id) })
	g.more = max(0, len(g.nodes)-mostRows) + max(0, len(g.edges)-mostRows)
	g.nodes, g.edges = g.nodes[:min(len(g.nodes), mostRows)], g.edges[:min(len(g.edges), mostRows)]
}

// called is how a row of the table names a node.
func (g *graphView) called(id string) string {
	for i := range g.nodes {
		if n := &g.nodes[i]; n.id == id {
			return cmp.Or(n.Title, n.Text)
		}
	}
	return id
}

// at is the change as an attribute of the page; "" where the graph is shown as it stands.
func (g *graphView) at() string {
	if g.snapshot == "" {
		return ""
	}
	return strconv.FormatInt(g.Seq, 10)
}

// source is what the page's script asks for first: it is on its way before there is a script. The two have to be the same to the letter.
func (g *graphView) source(v *view) string {
	if g.shared != nil {
		return apiRoot + sharePath(g.shared)
	}
	source := apiRoot + casePath(v.at.ID) + "/graphs/" + string(g.ID)
	if at := g.at(); at != "" {
		source += "?at=" + at
	}
	return source
}

// may says what the picture lets do.
func (g *graphView) may(v *view) string {
	if g.snapshot == "" && v.mayChange() {
		return "change"
	}
	return "read"
}

func (g *graphView) lead(v *view) string {
	if v.may(identity.ManageCase) {
		return "yes"
	}
	return "no"
}
