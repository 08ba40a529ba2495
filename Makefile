# make run and make test are all that a fresh machine with Go, gcc and make needs.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
OUTPUT  := out_prom_exporter.so
INPUT   := in_go_procfs.so
FUZZTIME ?= 10s

# Fluent Bit when there is one, otherwise the development host.
FLUENT_BIT ?= $(shell command -v fluent-bit 2>/dev/null)
HOST := $(if $(FLUENT_BIT),$(FLUENT_BIT),$(GO) run ./test/flbhost)

.PHONY: help build run test ci lint unit fuzz e2e bench bench-document bench-host profile soak size clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# netgo and osusergo keep the resolver of the C library out, and with it symbols
# that differ between its versions.
PLUGIN_BUILD = CGO_ENABLED=1 $(GO) build -buildmode=c-shared -trimpath -tags netgo,osusergo \
	-ldflags '-s -w -X main.version=$(VERSION)'

build: ## Build the plugins, out_prom_exporter.so and in_go_procfs.so
	$(PLUGIN_BUILD) -o $(OUTPUT) .
	$(PLUGIN_BUILD) -o $(INPUT) ./cmd/in_go_procfs
	@rm -f $(OUTPUT:.so=.h) $(INPUT:.so=.h)

run: build ## Build the plugins and serve this machine's metrics on http://localhost:8989/metrics
	$(HOST) -c fluent-bit.conf

test: lint unit fuzz ## Check everything that CI checks

ci: ## What CI does: install what is missing, then make test
	.ci/run

lint: ## Formatting, vet and staticcheck
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo 'gofmt would change these files'; exit 1; }
	$(GO) vet ./...
	for module in bench procfs/bench test/textparse; do $(GO) vet -C $$module ./... || exit 1; done
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

unit: ## All tests, end to end ones included, with the race detector
	$(GO) test -race ./...
	$(GO) test -C test/textparse ./...
	$(GO) test -C bench ./...
	$(GO) test -C bench -run '^$$' -benchtime 1x \
		-bench 'Read/load=access|Way/load=access|Boundary|Workers|Rules/rules=2$$|Series/series=10$$|Scrape/series=1000$$|Latency/scraper=slow' . > /dev/null

# go test takes one fuzzer at a time, and would minimize each new input for a minute rather than look for more. Before
# Go 1.27, a fuzzer whose time is over may end with nothing but "context deadline exceeded" (go.dev/issue/75804); one that
# found something says where it wrote the input.
FUZZ_FLAGS = -run '^$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 100x
fuzz: ## Each fuzzer for FUZZTIME (10s)
	@mkdir -p build
	@for pkg in $$($(GO) list ./...); do \
		for name in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			if $(GO) test $(FUZZ_FLAGS) -fuzz "^$$name$$" $$pkg > build/fuzz.txt 2>&1; then \
				cat build/fuzz.txt; \
			elif grep -q '^    context deadline exceeded$$' build/fuzz.txt && ! grep -q 'Failing input' build/fuzz.txt; then \
				sed '/^--- FAIL/,$$d' build/fuzz.txt; \
				echo "ok  	$$pkg	$$name found nothing"; \
			else \
				cat build/fuzz.txt; \
				exit 1; \
			fi; \
		done; \
	done

e2e: ## The end to end tests alone, in a real Fluent Bit with FLUENT_BIT=/path/to/it
	FLUENT_BIT=$(FLUENT_BIT) $(GO) test -count 1 ./e2e/...

# The large ones run long enough once; of the small ones the tables take the median of three rounds. go test does not
# take the profile by itself, as go build does.
BENCH_FLAGS = -timeout 0 -run '^$$' -pgo $(CURDIR)/default.pgo
bench: ## Benchmarks with their baselines, and the tables of docs/performance.md, in some ten minutes
	@mkdir -p build
	@( for round in 1 2 3; do \
			$(GO) test -C bench $(BENCH_FLAGS) -bench 'Read|Way|Boundary|Workers|Rules|Series|Growth' -benchtime 300ms . && \
			PROCFS=/proc $(GO) test -C procfs $(BENCH_FLAGS) -bench 'Round|Record' -benchtime 300ms . && \
			$(GO) test -C procfs/bench $(BENCH_FLAGS) -bench . -benchtime 300ms . || exit 1; \
		done && \
		$(GO) test -C bench $(BENCH_FLAGS) -bench 'Scrape|Heap|Crowd' -benchtime 300ms . && \
		$(GO) test -C bench $(BENCH_FLAGS) -bench 'Latency|LargePage' -benchtime 8s . ) > build/bench.txt || { cat build/bench.txt; exit 1; }
	$(GO) run -C bench ./tables < build/bench.txt

bench-document: bench ## make bench, and its tables and plots into docs/performance.md
	$(GO) run -C bench ./tables -document ../docs/performance.md -plots ../docs < build/bench.txt > /dev/null

# What the plugin does for chunks and for scrapes. It says nothing of who made it, and where.
profile: ## Measure default.pgo anew, the profile that the plugins are built by
	@mkdir -p build
	$(GO) test -C bench -trimpath -run '^$$' -bench 'Way/././by=promexporter|Scrape/series=100000$$/by=promexporter' \
		-benchtime 2s -o $(CURDIR)/build/bench.test -cpuprofile $(CURDIR)/build/cpu.pprof .
	mv build/cpu.pprof default.pgo

bench-host: build ## Processor time in a real Fluent Bit, beside that of log_to_metrics; FLUENT_BIT=/path/to/it
	$(GO) build -C bench -o ../build/bench-host ./host
	FLUENT_BIT=$(FLUENT_BIT) build/bench-host -plugin $(OUTPUT)

SOAK ?= 5m
soak: ## Records, scrapes, reloads and broken clients at once for SOAK (5m), also with FLUENT_BIT
	FLUENT_BIT=$(FLUENT_BIT) SOAK=$(SOAK) $(GO) test -count 1 -timeout 0 -v -run '^TestSoak$$' ./e2e

size: build ## Size of the plugins, the libraries that they need and their highest GLIBC symbols
	@for plugin in $(OUTPUT) $(INPUT); do \
		echo "$$plugin: $$(stat -c %s $$plugin) bytes," \
			"needs $$(readelf -d $$plugin | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | paste -sd ' ')," \
			"highest $$(objdump -T $$plugin | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -1)"; \
	done

clean: ## Remove what was built
	rm -rf build $(OUTPUT) $(INPUT) $(OUTPUT:.so=.h) $(INPUT:.so=.h)
