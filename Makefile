# Everything here sets itself up: Go's modules, and a C compiler for the race
# detector where there is none, are fetched when they are first needed.

GO      ?= go
LINT    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZ    ?= 30s
# Packages with goroutines.
RACED   := ./ledger ./ingest/... ./node ./store ./web
TARGETS := linux/amd64 linux/arm64 darwin/arm64 darwin/amd64 windows/amd64

.PHONY: generate assets ui browser build demo picture pictures test fmt vet lint race fuzz bench bench-web accuracy crashtest dist clean

# What browsers load, from web/ui; 'go build ./cmd/goshawk' works without.
UI := web/ui/build.mjs web/ui/tsconfig.json $(shell find web/ui/src -type f)

assets: node web/dist/graph.js ## the graph, htmx and the fonts, into web/dist/

# Where there is no npm, the program is made all the same and says what its pages lack.
ASSETS := $(if $(shell command -v npm),assets)

# What tests need and a bare Debian has not.
INSTALL = as=; [ "$$(id -u)" = 0 ] || as=sudo; $$as apt-get update -q && $$as apt-get install -y -q --no-install-recommends
.PHONY: node chromium
node:
	@command -v npm >/dev/null || { $(INSTALL) nodejs npm; }
chromium:
	@command -v chromium >/dev/null || { $(INSTALL) chromium; }
.PHONY: poppler
poppler: # reads PDFs as another program does
	@command -v pdftotext >/dev/null || { $(INSTALL) poppler-utils; }

web/ui/node_modules/.package-lock.json: web/ui/package.json web/ui/package-lock.json
	cd web/ui && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/graph.js: web/ui/node_modules/.package-lock.json $(UI)
	cd web/ui && npm run --silent build

ui: assets ## what holds of the graph without a browser: its types, and its tests
	cd web/ui && npm run --silent check && npm test --silent

browser: assets chromium poppler ## what holds of the pages in Chromium, against the real server
	cd web/ui && npm run --silent browser

build: $(ASSETS) ## the program, as ./goshawk
	$(GO) build -trimpath -o goshawk ./cmd/goshawk

demo: build ## follow a ransom through a made-up world, and open its case in a browser; everything goes to goshawk-demo/
	@./goshawk demo --serve

.PHONY: demo-files
demo-files: build ## the same without the server
	@./goshawk demo

picture: demo-files ## the README's: that report, as a browser shows it; needs Chromium and ImageMagick
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1.5 --window-size=1000,1060 \
	  --screenshot=$(CURDIR)/docs/report.png file://$(CURDIR)/goshawk-demo/report.html
	convert docs/report.png +dither -colors 64 -strip PNG8:docs/report.png

pictures: assets chromium ## those of docs/workbench.md, of the demo's case as it is worked on; needs ImageMagick
	@taken=$$(mktemp -d) && trap 'rm -r "$$taken"' EXIT && mkdir -p docs/pictures && node web/ui/pictures.mjs "$$taken" && \
	for picture in "$$taken"/*.png; do convert "$$picture" +dither -colors 64 -strip "PNG8:docs/pictures/$${picture##*/}" || exit 1; done

generate: ## the pages' Go, from web/*.templ; a test compares it
	cd web && $(GO) run github.com/a-h/templ/cmd/templ@v0.3.977 generate -log-level warn

test: assets fmt vet lint ui ## everything that has to hold
	$(GO) test -count=1 ./...
	$(MAKE) --no-print-directory race
	$(MAKE) --no-print-directory browser

fmt:
	@unformatted=$$(git ls-files -z '*.go' | xargs -0 gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi

vet:
	$(GO) vet ./...

lint: ## .golangci.yml
	$(GO) run $(LINT) run ./...

race: compiler ## packages with goroutines, under the race detector
	CGO_ENABLED=1 $(GO) test -race -count=1 -skip '^(TestCheckFindsDamage|TestMatrix)$$' $(RACED) # skipped: long, and one thing after another

# The race detector is linked by a C compiler.
.PHONY: compiler
compiler:
	@command -v $$($(GO) env CC) >/dev/null || { $(INSTALL) gcc libc6-dev; }

fuzz: ## each fuzz test for $(FUZZ)
	@set -e; for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ) $$package; \
	  done; \
	done

bench: ## the figures of docs/performance.md
	$(GO) run ./internal/bench

bench-web: ## fifty people click through the server's pages for half a minute
	$(GO) build -trimpath -o $(or $(TMPDIR),/tmp)/goshawk-bench-web ./cmd/goshawk
	$(GO) run ./internal/load --program $(or $(TMPDIR),/tmp)/goshawk-bench-web

accuracy: ## docs/accuracy.md, which takes as long as it takes
	$(GO) run ./cmd/goshawk evaluate --format md > docs/accuracy.md.new
	mv docs/accuracy.md.new docs/accuracy.md

crashtest: ## 100 kills of an ingest and 50 of the server under load, at random moments; a disk that fails at each of its operations
	GOSHAWK_KILLS=100 $(GO) test -count=1 -timeout 60m -run '^TestCrash$$' ./cmd/goshawk
	GOSHAWK_KILLS=50 $(GO) test -count=1 -timeout 60m -run '^TestServeCrash$$' ./cmd/goshawk
	GOSHAWK_FAULTS=all $(GO) test -count=1 -timeout 60m -run FailingDisk ./ledger

dist: $(ASSETS) ## one static file for each system, in dist/
	@rm -rf dist && mkdir dist
	@set -e; for target in $(TARGETS); do \
	  system=$${target%/*}; machine=$${target#*/}; suffix=; [ $$system != windows ] || suffix=.exe; \
	  echo "dist/goshawk-$$system-$$machine$$suffix"; \
	  CGO_ENABLED=0 GOOS=$$system GOARCH=$$machine \
	    $(GO) build -trimpath -ldflags "-s -w" -o dist/goshawk-$$system-$$machine$$suffix ./cmd/goshawk; \
	done
	@cd dist && sha256sum goshawk-* > SHA256SUMS

clean:
	rm -rf dist goshawk goshawk-demo web/ui/node_modules
	find web/dist -mindepth 1 ! -name README -delete
