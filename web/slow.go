package web

import (
	"net/http"
	"time"
)

// Who is slow on purpose would hold on to the server for ever, a connection at a time: so whatever is sent has to come,
// and whatever is answered has to be taken, a piece of it within s.patience. A large file over a slow line is no such
// thing: its pieces go on. The head of a request is net/http's to bound.

// bodyLeft is how long the rest of a body, which nobody reads, may take.
const bodyLeft = 5 * time.Second

// patience is how long a form may take to come, and a piece of an answer to be taken.
func (s *Server) patience() time.Duration {
	if s.Patience > 0 {
		return s.Patience
	}
	return bodyPatience
}

// begin gives a request's body a time; a handler that takes more of it says so itself.
func (n *noticed) begin(r *http.Request) {
	if r.Body != nil && r.Body != http.NoBody {
		n.deadline(n.control.SetReadDeadline, n.patience)
	}
}

// end gives what is left a time: of the answer, and of a body that was not read to its end.
func (n *noticed) end() {
	n.deadline(n.control.SetWriteDeadline, n.patience)
	n.deadline(n.control.SetReadDeadline, min(bodyLeft, n.patience))
}

// taking is around each piece of an answer. Between two of them there is no deadline: of a line that is
// silent with reason HTTP/2 would be cut off by it.
func (n *noticed) taking(write func() error) error {
	n.deadline(n.control.SetWriteDeadline, n.patience)
	err := write()
	n.deadline(n.control.SetWriteDeadline, 0)
	return err
}

// deadline sets one; of 0, it takes it away.
func (n *noticed) deadline(set func(time.Time) error, after time.Duration) {
	at := time.Time{}
	if after > 0 {
		at = time.Now().Add(after)
	}
	_ = set(at) // where it cannot be set the connection is gone, which reading and writing say, too
}
