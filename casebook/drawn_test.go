package casebook

import (
	"strings"
	"testing"
)

// TestDrawn: a picture's fields hold what is drawn of them, and nothing that a page, a table or a file could not say.
func TestDrawn(t *testing.T) {
	good := map[string]string{
		"node/a:x":  `{"what":"coin","network":"regtest","text":"x","title":"T","x":-1.5,"y":2e3,"pinned":true,"colour":"red","note":"a\u0000","group":"g","label":{"text":"X","confidence":50,"source":"s","words":"w"},"inferred":false,"cluster":"c:x","time":"2022-01-02T03:04:05Z","height":0,"value":"0","address":"a","spent":true,"coinjoin":"r","labels":2,"rest":{"in":{"count":3,"scope":"s"}},"later":{"anything":null}}`,
		"edge/e":    `{"from":"a:x","to":"a:y","what":"pay","value":"5","asset":"BTC","count":2,"first":"2022-01-02T03:04:05Z","last":"2022-01-03T03:04:05Z","days":{"2022-01-02":"2"},"asked":"","method":"fifo","note":"n","inferred":true,"scope":"s","run":"r"}`,
		"group/g":   `{"title":"G","colour":"x","folded":true}`,
		"view":      `{"layout":"force","level":"transaction","from":"+012345-01-01T00:00:00Z","until":"","min":"5","asset":"","label":"","currency":""}`,
		"node/bare": `{"what":"address","text":"x","x":0,"y":0}`,
		"edge/bare": `{"from":"a:x","to":"a:y","what":"manual"}`,
	}
	check := func(name, v string) error {
		f, _ := Lookup(KindGraph, name)
		return f.Check([]byte(v))
	}
	for name, v := range good {
		if err := check(name, v); err != nil {
			t.Errorf("%s %s: %v", name, v, err)
		}
	}
	for name, list := range map[string][]string{
		"node/bare": {`{}`, `[]`, `{"text":"x","x":0,"y":0}`, `{"what":"address","x":0,"y":0}`, `{"what":"address","text":"x","y":0}`, `{"What":"address","text":"x","x":0,"y":0}`},
		"edge/bare": {`{}`, `{"from":"a","to":"b"}`, `{"from":"a","what":"pay"}`, `{"to":"a","what":"pay"}`},
		"group/g":   {`{}`, `{"title":5}`, `{"title":"a","folded":"no"}`, `{"title":"a","colour":{}}`},
		"view":      {`{"label":5}`, `{"from":5}`, `{"currency":{}}`, `{"level":null}`},
	} {
		for _, v := range list {
			if check(name, v) == nil {
				t.Errorf("%s takes %s", name, v)
			}
		}
	}
	more := map[string][]string{
		"node/bare": {
			`"x":"left"`, `"x":null`, `"x":1e308`, `"y":-1e8`, `"x":{}`, `"what":"__proto__"`, `"what":5`, `"text":12`, `"title":["a"]`, `"note":7`, `"label":"X"`, `"label":null`, `"label":{}`, `"label":{"text":"X"}`,
			`"label":{"text":5,"confidence":5}`, `"label":{"text":"X","confidence":101}`, `"label":{"text":"X","confidence":"high"}`, `"colour":"constructor"`, `"colour":{}`, `"group":{}`, `"cluster":5`, `"time":"yesterday"`,
			`"time":"9999-01-01T00:00:00Z"`, `"time":5`, `"value":"1e9"`, `"value":5`, `"value":"-5"`, `"address":5`, `"network":5`, `"rest":"x"`, `"rest":{"in":5}`, `"rest":{"out":{"count":"many","scope":"s"}}`, `"pinned":"yes"`,
			`"inferred":"no"`, `"labels":-1`, `"height":"x"`, `"spent":1`, `"coinjoin":1`,
		},
		"edge/bare": {
			`"from":5`, `"to":{}`, `"what":"toString"`, `"value":"abc"`, `"value":5`, `"value":null`, `"value":"` + strings.Repeat("9", 79) + `"`, `"count":"many"`, `"count":-3`, `"first":"x"`, `"last":5`, `"first":"-271821-04-20T00:00:00Z"`, `"days":"x"`,
			`"days":{"x":"5"}`, `"days":{"2022-01-02":5}`, `"days":{"9999-01-02":"5"}`, `"days":null`, `"method":{}`, `"asset":5`, `"note":{}`, `"scope":[]`, `"inferred":"no"`, `"run":5`, `"asked":5`,
		},
	}
	for name, list := range more {
		for _, member := range list {
			// The later of two members of one name is the one that a page reads.
			if v := strings.TrimSuffix(good[name], "}") + "," + member + "}"; check(name, v) == nil {
				t.Errorf("%s takes %s", name, v)
			}
		}
	}
	for name := range drawnNode.members {
		if !strings.Contains(good["node/a:x"], `"`+name+`":`) {
			t.Errorf("no node has %s", name)
		}
	}
}

// TestDepth: what is kept can be read by every program.
func TestDepth(t *testing.T) {
	in := func(n int, text string) []byte {
		return []byte(`{"a":"` + text + `","b":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}")
	}
	for _, good := range [][]byte{in(mostDepth-1, ""), in(1, strings.Repeat("[", mostDepth)), in(1, `\"`+strings.Repeat("{", mostDepth)), []byte(`{"a":[` + strings.Repeat("[],", mostDepth) + `[]]}`)} {
		if err := Object(10_000)(good); err != nil {
			t.Errorf("%.80s: %v", good, err)
		}
	}
	for _, bad := range [][]byte{in(mostDepth, ""), in(4_000, ""), in(mostDepth, `\\`), []byte(strings.Repeat(`{"a":`, mostDepth+1) + "1" + strings.Repeat("}", mostDepth+1))} {
		if Object(10_000)(bad) == nil {
			t.Errorf("it takes %.80s", bad)
		}
	}
}
