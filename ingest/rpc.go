package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"goshawk"
)

// NodeOptions says how to reach a node's JSON-RPC.
type NodeOptions struct {
	URL        string // http://host:port; may carry user and password
	User       string // in place of the URL's
	Password   string
	CookieFile string // a file holding user:password, read again when the node refuses it

	// Client sends the requests; nil means one without proxy that follows no redirects.
	Client *http.Client
	// Patience is how long a request is repeated while the node does not answer
	// or is still starting; 1 minute if zero.
	Patience time.Duration
	// Pause is the wait before the first repetition, doubled each time up to
	// 10 seconds; a quarter of a second if zero.
	Pause time.Duration
}

// Node speaks JSON-RPC with a Bitcoin node. It may be used by many goroutines.
type Node struct {
	opts     NodeOptions
	endpoint string      // without credentials
	single   atomic.Bool // it takes no batches
	answered atomic.Bool // it has made sense once

	mutex          sync.Mutex
	user, password string
}

const (
	// answerLimit bounds one answer: the verbose form of the largest block takes
	// about 30 MB.
	answerLimit     = 64 << 20
	defaultPatience = time.Minute
	defaultPause    = 250 * time.Millisecond
	longestPause    = 10 * time.Second
	requestTimeout  = 2 * time.Minute
	firstTries      = 3
)

// NewNode prepares to speak with a node; it sends nothing yet.
func NewNode(opts NodeOptions) (*Node, error) {
	u, err := url.Parse(opts.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, goshawk.Errorf(goshawk.Invalid, "%q is not the address of a node", redacted(opts.URL)).
			WithHint("write http://HOST:PORT, with USER:PASSWORD@ before the host if the node asks for them")
	}
	n := &Node{opts: opts, user: opts.User, password: opts.Password}
	if n.user == "" && u.User != nil {
		n.user = u.User.Username()
		n.password, _ = u.User.Password() // none is an empty one
	}
	u.User = nil
	n.endpoint = u.String()
	if n.opts.Client == nil {
		n.opts.Client = &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: maxDecoders, DisableCompression: true},
			Timeout:       requestTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	if n.opts.Patience <= 0 {
		n.opts.Patience = defaultPatience
	}
	if n.opts.Pause <= 0 {
		n.opts.Pause = defaultPause
	}
	if n.opts.CookieFile != "" {
		return n, n.readCookie()
	}
	return n, nil
}

// redacted hides a password that an address carries.
func redacted(address string) string {
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		return "…" + address[at:]
	}
	return address
}

// readCookie takes user and password from the cookie file, which the node
// writes anew at every start.
func (n *Node) readCookie() error {
	const hint = "the node writes it into its data folder as .cookie when it starts, unless rpcpassword is set"
	f, err := os.Open(n.opts.CookieFile)
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot read the node's cookie: %w", err).WithHint(hint)
	}
	defer f.Close() // only read
	b, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot read the node's cookie: %w", err).WithHint(hint)
	}
	user, password, ok := strings.Cut(strings.TrimSpace(string(b)), ":")
	if !ok {
		return goshawk.Errorf(goshawk.Invalid, "%s is not a node's cookie: it holds no user:password", n.opts.CookieFile).WithHint(hint)
	}
	n.mutex.Lock()
	n.user, n.password = user, password
	n.mutex.Unlock()
	return nil
}

// call is one request and its answer.
type call struct {
	method string
	params []any
	result json.RawMessage
	err    *rpcError
}

// rpcError is a node's own refusal.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string {
	return fmt.Sprintf("the node says: %s (%d)", clip(e.Message), e.Code)
}

// Bitcoin Core's error codes (rpc/protocol.h).
const (
	rpcMisc           = -1
	rpcNotFound       = -5
	rpcOutOfRange     = -8
	rpcWarmup         = -28
	rpcMethodNotFound = -32601
)

type rpcRequest struct {
	Version string `json:"jsonrpc"`
	ID      int    `json:"id"`
	Method  string `json:"method"`
	Params  []any  `json:"params"`
}

type rpcAnswer struct {
	ID     *int            `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *rpcError       `json:"error"`
}

// errTooLarge says that an answer is beyond answerLimit.
var errTooLarge = errors.New("the answer is larger than any block")

// repeatable marks a failure that another try may heal.
type repeatable struct {
	err      error
	starting bool // the node says that it will soon be ready
}

func (r *repeatable) Error() string { return r.err.Error() }
func (r *repeatable) Unwrap() error { return r.err }

// do sends calls, in one request if the node takes batches, and fills in their
// answers. A call that the node itself refuses has its err set; an error
// returned means that there are no answers.
func (n *Node) do(ctx context.Context, calls ...*call) error {
	if len(calls) > 1 && n.single.Load() {
		for _, c := range calls {
			if err := n.do(ctx, c); err != nil {
				return err
			}
		}
		return nil
	}
	pause, waited, cookie := n.opts.Pause, time.Duration(0), n.opts.CookieFile != ""
	for try := 1; ; try++ {
		err := n.post(ctx, calls)
		if err == nil {
			n.answered.Store(true)
			return nil
		}
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		if errors.Is(err, errNoBatch) && len(calls) > 1 {
			n.single.Store(true)
			return n.do(ctx, calls...)
		}
		if errors.Is(err, errRefused) && cookie {
			cookie = false // once: the node may have started anew
			if err := n.readCookie(); err != nil {
				return err
			}
			continue
		}
		again, ok := errors.AsType[*repeatable](err)
		if !ok {
			return err
		}
		// A node that never answered is more likely the wrong address than busy.
		stranger := !n.answered.Load() && !again.starting && try == firstTries
		if waited >= n.opts.Patience || stranger {
			return again.err
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
		waited += pause
		pause = min(2*pause, longestPause)
	}
}

var (
	errNoBatch = errors.New("the node does not take several calls in one request")
	errRefused = errors.New("the node refused user and password")
)

// post sends the calls once.
func (n *Node) post(ctx context.Context, calls []*call) error {
	requests := make([]rpcRequest, len(calls))
	for i, c := range calls {
		requests[i] = rpcRequest{"2.0", i, c.method, c.params}
		if c.params == nil {
			requests[i].Params = []any{}
		}
	}
	var body []byte
	var err error
	if len(calls) == 1 {
		body, err = json.Marshal(requests[0])
	} else {
		body, err = json.Marshal(requests)
	}
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "cannot write the request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, n.endpoint, bytes.NewReader(body))
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "cannot ask %s: %w", n.endpoint, err)
	}
	request.Header.Set("Content-Type", "application/json")
	n.mutex.Lock()
	if n.user != "" || n.password != "" {
		request.SetBasicAuth(n.user, n.password)
	}
	n.mutex.Unlock()
	response, err := n.opts.Client.Do(request)
	if err != nil {
		return &repeatable{err: goshawk.Errorf(goshawk.Unavailable, "the node at %s does not answer: %w", n.endpoint, cause(err)).
			WithHint("is the node running with server=1, and is the port right (8332 on bitcoin, 18443 on regtest, unless rpcport says another)?")}
	}
	defer response.Body.Close() // what matters was read
	answer, err := readAnswer(response.Body)
	if errors.Is(err, errTooLarge) {
		return goshawk.Errorf(goshawk.Corrupt, "the node at %s sent more than %d MB at once: %w", n.endpoint, answerLimit>>20, err).
			WithHint("is this the port of a Bitcoin node's RPC?")
	}
	if err != nil {
		return &repeatable{err: goshawk.Errorf(goshawk.Unavailable, "the answer of the node at %s broke off: %w", n.endpoint, err).WithHint("run the command again to go on")}
	}
	return n.take(calls, response, answer)
}

// readAnswer reads at most answerLimit bytes.
func readAnswer(body io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(body, answerLimit+1))
	if len(b) > answerLimit {
		return nil, errTooLarge
	}
	return b, err
}

// cause drops the address, which may carry a password, from an HTTP client's error.
func cause(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// take sorts an answer into the calls.
func (n *Node) take(calls []*call, response *http.Response, body []byte) error {
	switch response.StatusCode {
	case http.StatusUnauthorized:
		return goshawk.Errorf(goshawk.Invalid, "%w at %s", errRefused, n.endpoint).
			WithHint("give them in the URL as http://USER:PASSWORD@HOST:PORT, or name the node's .cookie file; they are rpcuser and rpcpassword in the node's configuration")
	case http.StatusForbidden:
		return goshawk.Errorf(goshawk.Unavailable, "the node at %s refuses this machine", n.endpoint).WithHint("allow it with rpcallowip in the node's configuration")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusGatewayTimeout:
		return &repeatable{err: goshawk.Errorf(goshawk.Unavailable, "the node at %s is busy: %s", n.endpoint, response.Status).WithHint("run the command again to go on")}
	}
	var answers []rpcAnswer
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(trimmed) > 0 && trimmed[0] == '[':
		if err := json.Unmarshal(trimmed, &answers); err != nil {
			return n.garbage(response, body, err)
		}
	case len(trimmed) > 0 && trimmed[0] == '{':
		var one rpcAnswer
		if err := json.Unmarshal(trimmed, &one); err != nil {
			return n.garbage(response, body, err)
		}
		if one.Error != nil && one.Error.Code == rpcWarmup {
			return n.warmup(one.Error)
		}
		if len(calls) > 1 {
			return errNoBatch
		}
		answers = []rpcAnswer{one}
	default:
		return n.garbage(response, body, errors.New("it is not JSON"))
	}
	for _, c := range calls {
		c.result, c.err = nil, nil
	}
	for _, a := range answers {
		i := 0
		if a.ID != nil {
			i = *a.ID
		} else if len(calls) > 1 {
			continue
		}
		if i < 0 || i >= len(calls) {
			continue
		}
		if a.Error != nil && a.Error.Code == rpcWarmup {
			return n.warmup(a.Error)
		}
		calls[i].result, calls[i].err = a.Result, a.Error
	}
	for _, c := range calls {
		if c.err == nil && len(c.result) == 0 {
			return n.garbage(response, body, fmt.Errorf("it does not answer %s", c.method))
		}
	}
	return nil
}

func (n *Node) warmup(err *rpcError) error {
	return &repeatable{err: goshawk.Errorf(goshawk.Unavailable, "the node at %s is still starting: %w", n.endpoint, err).
		WithHint("wait until the node has started, then run the command again"), starting: true}
}

// garbage reports an answer that is none; another try may bring a whole one,
// unless it is nested as no node would.
func (n *Node) garbage(response *http.Response, body []byte, err error) error {
	said := goshawk.Errorf(goshawk.Corrupt, "the answer of the node at %s (%s) makes no sense: %w", n.endpoint, response.Status, err).
		WithHint("is this the port of a Bitcoin node's RPC?")
	if tooDeep(body) {
		return said
	}
	return &repeatable{err: said}
}

// tooDeep says whether text nests brackets beyond any answer of a node.
func tooDeep(body []byte) bool {
	const deepest = 1000
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > deepest {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// get asks one question and reads the answer into a value.
func (n *Node) get(ctx context.Context, into any, method string, params ...any) error {
	c := &call{method: method, params: params}
	if err := n.do(ctx, c); err != nil {
		return err
	}
	return c.read(into)
}

// read turns the answer into a value.
func (c *call) read(into any) error {
	if c.err != nil {
		return c.refusal()
	}
	if err := json.Unmarshal(c.result, into); err != nil {
		return goshawk.Errorf(goshawk.Corrupt, "the node's answer to %s makes no sense: %w", c.method, err).WithHint("is this the port of a Bitcoin node's RPC?")
	}
	return nil
}

// refusal words a node's refusal.
func (c *call) refusal() error {
	switch {
	case c.err.Code == rpcMethodNotFound:
		return goshawk.Errorf(goshawk.Unsupported, "the node does not know %s: %w", c.method, c.err).WithHint("is this a Bitcoin node, and does it allow this call?")
	case c.err.Code == rpcMisc && strings.Contains(strings.ToLower(c.err.Message), "pruned"):
		return goshawk.Errorf(goshawk.Unsupported, "the node has thrown this block away: %w", c.err).
			WithHint("use a node that is not pruned, or start later with --from-height N")
	default:
		return goshawk.Errorf(goshawk.Unavailable, "the node refuses %s: %w", c.method, c.err)
	}
}

// clip shortens foreign text for an error message.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
