package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"goshawk/identity"
)

// Gauge is a figure of a part of the server, for /metrics: how many traces run, how far the
// log is behind. It holds no personal data: no name, no ID, no address.
type Gauge struct {
	Name string // goshawk_…
	Help string
	// Read returns the figure; with an error there is none.
	Read func(context.Context) (float64, error)
}

// metrics is what operators see of the server.
type metrics struct {
	registry *prometheus.Registry
	took     *prometheus.HistogramVec
}

func newMetrics(s *Server) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	m.took = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "goshawk_request_duration_seconds", Help: "How long requests took, by route and status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60}}, []string{"route", "status"})
	m.registry.MustRegister(m.took, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, g := range append([]Gauge{
		{"goshawk_streams", "Pages and programs that follow a case live.", func(context.Context) (float64, error) { return float64(s.Events.count()), nil }},
		{"goshawk_database_up", "Whether the database answers.", func(ctx context.Context) (float64, error) {
			if s.Store.Ping(ctx) != nil {
				return 0, nil //nolint:nilerr // that it does not answer is the figure
			}
			return 1, nil
		}},
		{"goshawk_audit_entries", "Entries of the audit trail.", func(ctx context.Context) (float64, error) {
			n, err := s.Store.Head(ctx)
			return float64(n), err
		}},
	}, s.Gauges...) {
		m.registry.MustRegister(&reading{prometheus.NewDesc(g.Name, g.Help, nil, nil), g.Read})
	}
	return m
}

// reading is a gauge that is read when it is asked for.
type reading struct {
	desc *prometheus.Desc
	read func(context.Context) (float64, error)
}

// Describe implements prometheus.Collector.
func (r *reading) Describe(to chan<- *prometheus.Desc) { to <- r.desc }

// Collect implements prometheus.Collector.
func (r *reading) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if v, err := r.read(ctx); err == nil {
		to <- prometheus.MustNewConstMetric(r.desc, prometheus.GaugeValue, v)
	}
}

// observe notes how long a request took. Streams, which last as long as somebody looks, do not count.
func (m *metrics) observe(pattern string, status int, took time.Duration) {
	if pattern == "" || strings.HasSuffix(pattern, "/events") {
		return
	}
	m.took.WithLabelValues(pattern, strconv.Itoa(status)).Observe(took.Seconds())
}

// metricsRoute answers Prometheus: on this machine, or with the token of somebody who manages the server.
func (s *Server) metricsRoute() route {
	h := promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	return route{"GET /metrics", "", func(q *request) error {
		if !q.local() {
			if err := identity.May(q.subject, identity.ManageServer, nil); err != nil {
				return err
			}
		}
		h.ServeHTTP(q.w, q.Request)
		return nil
	}}
}

// local says whether a request comes from this machine, and is for it: not by a proxy on it,
// nor from a page whose name was made to mean this machine.
func (q *request) local() bool {
	host := q.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	named := host == "localhost"
	if at, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		named = at.IsLoopback()
	}
	from, err := netip.ParseAddr(q.from())
	return named && err == nil && from.Unmap().IsLoopback() && q.Header.Get("X-Forwarded-For") == "" && q.Header.Get("Forwarded") == "" && q.Header.Get("Via") == ""
}

// noticed is an answer whose status is noticed, and of whose reader it is noticed whether they take it.
type noticed struct {
	http.ResponseWriter
	status   int
	patience time.Duration
	control  *http.ResponseController
}

// WriteHeader implements http.ResponseWriter.
func (n *noticed) WriteHeader(status int) {
	if n.status == 0 && status >= 200 {
		n.status = status
	}
	n.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (n *noticed) Write(p []byte) (written int, err error) {
	if n.status == 0 {
		n.status = http.StatusOK
	}
	err = n.taking(func() error {
		written, err = n.ResponseWriter.Write(p)
		return err
	})
	return written, err
}

// FlushError brings what was written so far to who reads it.
func (n *noticed) FlushError() error { return n.taking(n.control.Flush) }

// Unwrap lets http.ResponseController reach the connection.
func (n *noticed) Unwrap() http.ResponseWriter { return n.ResponseWriter }
