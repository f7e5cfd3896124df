package casebook

import (
	"strings"
	"testing"

	"goshawk"
)

// TestUnseen: of every kind, every field but long text and what quotes others refuses what nobody sees: a new field does, or
// stands here with the reason.
func TestUnseen(t *testing.T) {
	quotes := map[string]string{
		"answer.mapping": "columns are called as in the service's file", "answer.summary": "made by the server of the service's file",
		"run.summary": "made by the server", "alert.movement": "made by the server", "alert.block": "made by the server",
	}
	values := []string{`"a%b"`, `["a%b"]`, `{"title":"a%b"}`, `{"a%b":1}`, `{"x":[{"title":"a%b"}]}`,
		`{"what":"address","text":"x","x":0,"y":0,"title":"a%b"}`, `{"what":"address","text":"x","x":0,"y":0,"a%b":1}`, `{"what":"pay","from":"a:x","to":"a:y","method":"a%b"}`, `{"title":"x","y":[{"title":"a%b"}]}`}
	for _, k := range Kinds() {
		for _, f := range k.Fields {
			name := string(k.Kind) + "." + f.Name
			why := quotes[name]
			delete(quotes, name)
			for _, r := range []string{`\u202e`, `\u2066`, `\u200b`, `\ufeff`, `\u00ad`, `\u0007`, `\u2028`, "\u202e", "\U000e0041"} {
				for _, v := range values {
					if v = strings.ReplaceAll(v, "%", r); !f.Text && why == "" && f.Check([]byte(v)) == nil {
						t.Errorf("%s takes %s", name, v)
					}
				}
			}
		}
	}
	for name := range quotes {
		t.Errorf("there is no field %s", name)
	}
	node, _ := Lookup(KindGraph, "node/a:x")
	for _, good := range []string{`"title":"می\u200cخواهد","label":{"text":"قضية الميناء","confidence":5}`, `"note":"as it came: a\u202eb\nand on"`} {
		if err := node.Check([]byte(`{"what":"address","text":"x","x":0,"y":0,` + good + `}`)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	if !goshawk.Unseen('\u202e') || goshawk.Unseen('ي') {
		t.Error("what is seen and what is not")
	}
}
