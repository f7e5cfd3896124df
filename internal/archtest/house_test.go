package archtest

import (
	"io/fs"
	"os"
	"testing"
)

// rule is what one package is held to. All packages may import the standard
// library, third-party modules and the root package; what else, stands here.
type rule struct {
	path   string   // folder, from the module's root; "." is the root
	may    []string // packages of the house that it may import, beside the root
	pure   bool     // no clock, network, disk, database, global state, unseeded randomness
	stdlib bool     // imports the standard library and the modules in libs only
	libs   []string // third-party modules that a stdlib or pure package may import
	chains bool     // may call chains by their names
	why    string
}

// everything stands for all packages of the house.
const everything = "*"

// house is the table of rules, one for each package. Test files are held to
// none of it but the names of packages: tests may put parts together as users do.
var house = [...]rule{
	{path: ".", pure: true, stdlib: true, libs: []string{"github.com/holiman/uint256"},
		why: "everyone imports the root, so that whatever it imports everyone carries"},
	{path: "chain", pure: true, chains: true, may: []string{"chain/bitcoin"}, libs: []string{"github.com/btcsuite/btcd", "golang.org/x/crypto"},
		why: "whose address a word is, over all networks: it knows their names, and nothing but the word"},
	{path: "chain/bitcoin", pure: true, chains: true, libs: []string{"github.com/btcsuite/btcd", "github.com/holiman/uint256", "golang.org/x/crypto"},
		why: "bytes in, blocks out: the same on every machine; chains differ as data here"},
	{path: "cluster", pure: true,
		why: "a cluster is evidence: it must come out the same for whoever computes it again"},
	{path: "pattern", pure: true,
		why: "a finding must come out the same for whoever looks again"},
	{path: "trace", pure: true, libs: []string{"github.com/holiman/uint256"},
		why: "an answer must be repeatable in court, to the byte"},
	{path: "label", pure: true, chains: true, libs: []string{"github.com/goccy/go-yaml"},
		why: "labels are read from what the caller opens; its sources call networks by their names"},
	{path: "report", pure: true, may: []string{"letter"}, libs: []string{"github.com/go-fonts/dejavu", "github.com/go-pdf/fpdf", "github.com/holiman/uint256"},
		why: "a report must come out the same, byte for byte; it renders answers and letters, and computes none"},
	{path: "ledger", may: []string{"internal/disk"},
		why: "it writes through a file layer that tests can make fail, and knows no chain"},
	{path: "ledger/ledgertest",
		why: "the contract suite and the model know the contract only, so that every implementation can run it"},
	{path: "ledger/export", may: []string{"cluster", "ledger"},
		why: "it writes out what a ledger and its clusters hold, and knows no chain"},
	{path: "ingest", may: []string{"chain/bitcoin", "internal/disk", "ledger"}, chains: true,
		why: "it brings a chain's bytes to a ledger: the one place where both meet"},
	{path: "ingest/esplora", may: []string{"chain/bitcoin", "internal/disk"}, chains: true,
		why: "a remote ledger: it decodes and proves what a stranger's server says"},
	{path: "node", may: []string{"chain/bitcoin"}, chains: true,
		why: "it answers as one chain's node does, from any ledger"},
	{path: "world", pure: true, chains: true, may: []string{"chain/bitcoin"}, libs: []string{"github.com/btcsuite/btcd", "golang.org/x/crypto"},
		why: "one seed gives the same bytes on every machine; it writes one chain's blocks"},
	{path: "world/records", pure: true, chains: true, may: []string{"world"},
		why: "it writes what services and vendors of a world say, from what the world tells it"},
	{path: "world/score", pure: true,
		why: "it measures whatever it is handed against a truth: no generator, no method of the engine, the same figures everywhere"},
	{path: "world/crime", pure: true, chains: true, may: []string{"world", "world/records"},
		why: "a crime is played by its economy: the same story in the same world everywhere, no transaction of its own; its papers call the coins what people call them, and people what services call them"},
	{path: "world/evaluate", pure: true, may: []string{"cluster", "pattern", "trace", "world", "world/score"},
		why: "it runs the engine's methods over a ledger and holds them against a world's truth; what it reads its caller opens"},
	{path: "world/solve", pure: true, may: []string{"cluster", "label", "pattern", "trace", "world/crime"},
		why: "it works a case with the engine's own methods, from the papers and the chain that it is handed; of world/crime it knows the answer key's form only"},
	{path: "account", pure: true,
		why: "a rule for mixed accounts must give every court the same units"},
	{path: "letter", pure: true, libs: []string{"github.com/yuin/goldmark"},
		why: "a letter and what an answer's rows mean must come out the same for whoever reads the bytes again"},
	{path: "identity",
		why: "who may do what is a plain function on domain values, which a table in the documents is made from"},
	{path: "audit",
		why: "it knows entries and the log, and nothing of what they are about"},
	{path: "casebook", may: []string{"audit", "identity"},
		why: "whatever is done to a case is done by somebody, and its entry is written with it"},
	{path: "store", may: []string{"audit", "casebook", "identity"},
		why: "it keeps what these define, in SQL, and decides nothing"},
	{path: "workbench", may: []string{"account", "audit", "casebook", "chain/bitcoin", "cluster", "evidence", "identity", "internal/disk", "label", "ledger", "letter", "pattern", "report", "store", "trace"},
		why: "what is done with ledgers, for the server and the command line: it puts the engine's parts together and brings what they find into cases"},
	{path: "notify", may: []string{"audit", "casebook", "identity", "store"},
		why: "it brings what lies in the outbox to people and programs outside: whoever reads what leaves the server reads this package"},
	{path: "evidence", may: []string{"audit", "chain/bitcoin", "pattern", "report", "trace"},
		why: "who verifies a package trusts this code and the bytes alone: it opens no ledger, no database and no network"},
	{path: "backup", may: []string{"audit", "casebook", "store"},
		why: "it copies what a server keeps, and verifies a copy by what these know of theirs"},
	{path: "web", may: []string{everything}, chains: false,
		why: "pages and API bring all rooms to a browser; only the binary imports it"},
	{path: "cmd/goshawk", may: []string{everything}, chains: true,
		why: "the binary wires all parts together; nothing imports it"},
	{path: "internal/archtest",
		why: "it reads sources and imports nothing of the house"},
	{path: "internal/bench", may: []string{everything}, chains: true,
		why: "it measures all parts together, as the binary wires them; nothing imports it"},
	{path: "internal/load", may: []string{"audit", "casebook", "identity", "store"},
		why: "it measures the server from outside, as browsers do; it knows only what it needs to make a database with people in it"},
	{path: "internal/stage", may: []string{"audit", "casebook", "identity", "store"},
		why: "it makes a database with people in it for tests in a browser; nothing imports it"},
	{path: "internal/worldstage", chains: true, may: []string{"chain/bitcoin", "ingest", "internal/disk", "label", "ledger", "workbench", "world", "world/crime", "world/records"},
		why: "it puts a made-up world where a server of a test finds it; nothing but tests imports it"},
	{path: "internal/chaingen", chains: true, may: []string{"chain/bitcoin"},
		why: "it writes one chain's block files for the benchmark and for tests"},
	{path: "internal/disk",
		why: "the file layer knows nothing of what is in the files"},
	{path: "internal/fixture",
		why: "it finds real data for tests"},
	{path: "internal/btcd",
		why: "it starts a node for tests, and knows nothing of what it is told"},
	{path: "internal/realblock", chains: true, may: []string{"chain/bitcoin", "internal/fixture", "ledger/ledgertest"},
		why: "it reads real blocks for tests"},
	{path: "internal/pgtest",
		why: "it starts a database for tests, and knows nothing of what is in it"},
}

const module = "../.."

// TestHouse parses the sources of the whole module. It reads them through os,
// so that go test knows its inputs and never answers from an outdated cache.
func TestHouse(t *testing.T) {
	found, err := check(os.DirFS(module), house[:])
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Errorf("%s: %s", v.where, v.what)
	}
}

// TestHouseIsRead guards the test above: a walk that finds nothing finds no fault either.
func TestHouseIsRead(t *testing.T) {
	for _, path := range []string{"go.mod", "ledger.go", "internal/archtest/house_test.go"} {
		if _, err := fs.Stat(os.DirFS(module), path); err != nil {
			t.Error(err)
		}
	}
	packages, err := parse(os.DirFS(module))
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 10 {
		t.Errorf("only %d packages found", len(packages))
	}
}
