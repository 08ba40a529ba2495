# make run and make test are all that a fresh machine with Go, gcc and make needs.

GO      ?= go
VERSION ?= $(shell release/version.sh)
OUTPUT  := out_prom_exporter.so
INPUT   := in_go_procfs.so
FUZZTIME ?= 10s

# For one package. The default of go test, ten minutes, is short for the end-to-end tests on a slow machine.
TEST_TIMEOUT ?= 30m

# Fluent Bit when there is one, otherwise the development host.
FLUENT_BIT ?= $(shell command -v fluent-bit 2>/dev/null)
HOST := $(if $(FLUENT_BIT),$(FLUENT_BIT),$(GO) run ./test/flbhost)

.PHONY: help build build/promexporter man $(OUTPUT) $(INPUT) run test ci lint unit fuzz e2e cross release vulnerabilities bench \
	bench-document bench-host profile soak size clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Where the plugins go, the profile that they are built by, and further flags of go build. For another architecture, set
# GOARCH and CC too.
DIR   ?= .
PGO   ?= auto
FLAGS ?=

# netgo and osusergo keep the resolver of the C library out, and with it symbols that differ between its versions. Of
# the symbols that remain, floor.h chooses the oldest version. A glibc below 2.34 has them in libpthread and libdl. The
# header is named without its folder, so that the folder of this project does not change what is built. The go command
# does not read the header; the checksum makes it build again when the header changes.
FLOOR := internal/glibc/floor.h
PLUGIN_BUILD = C_INCLUDE_PATH='$(CURDIR)/$(dir $(FLOOR))' \
	CGO_CFLAGS="-O2 -g -include $(notdir $(FLOOR)) -DFLOOR=$$(cksum < $(FLOOR) | cut -d ' ' -f 1)" \
	CGO_LDFLAGS='-O2 -g -Wl,--no-as-needed -l:libpthread.so.0 -l:libdl.so.2 -Wl,--as-needed' \
	CGO_ENABLED=1 $(GO) build -buildmode=c-shared -trimpath -pgo=$(PGO) $(FLAGS) -tags netgo,osusergo \
	-ldflags '-s -w -X main.version=$(VERSION)'

build: $(OUTPUT) $(INPUT) build/promexporter ## Build the plugins into DIR (.), and the program build/promexporter

$(OUTPUT): PACKAGE = .
$(INPUT): PACKAGE = ./cmd/in_go_procfs
$(OUTPUT) $(INPUT):
	@mkdir -p '$(DIR)'
	$(PLUGIN_BUILD) -o '$(DIR)/$@' $(PACKAGE)
	@rm -f '$(DIR)/$(@:.so=.h)'

man: build/promexporter ## Write the man page of the program, build/promexporter.1
	build/promexporter man > build/promexporter.1

# The program has no C in it, so that it runs anywhere.
build/promexporter:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./cmd/promexporter

run: build ## Build the plugins and serve this machine's metrics on http://localhost:8989/metrics
	$(HOST) -c fluent-bit.conf

test: lint unit fuzz ## Check everything that CI checks on this architecture

ci: ## Install what is missing, then make test and make cross, as CI does
	.ci/run

lint: ## Formatting, vet and staticcheck
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo 'gofmt would change these files'; exit 1; }
	$(GO) vet ./...
	for module in bench deploy procfs/bench release test/formats test/textparse; do $(GO) vet -C $$module ./... || exit 1; done
	$(GO) tool -modfile=tools/go.mod staticcheck ./...
	$(GO) tool -modfile=tools/go.mod actionlint .github/workflows/*.yaml

unit: ## All tests, including end-to-end tests, with the race detector
	$(GO) test -race -timeout $(TEST_TIMEOUT) ./...
	$(GO) test -C test/formats -timeout $(TEST_TIMEOUT) ./...
	$(GO) test -C test/textparse -timeout $(TEST_TIMEOUT) ./...
	$(GO) test -C bench -timeout $(TEST_TIMEOUT) ./...
	$(GO) test -C deploy -timeout $(TEST_TIMEOUT) ./...
	$(GO) test -C release -timeout $(TEST_TIMEOUT) ./...
	$(GO) test -C bench -run '^$$' -benchtime 1x \
		-bench 'Read/load=access|Path/load=access|Metrics/load=histograms|Boundary|Workers|Rules/rules=2$$|Series/series=10$$|Scrape/series=1000$$|Latency/scraper=slow' . > /dev/null

# go test takes one fuzzer at a time, and would minimize each new input for a minute rather than look for more. Before
# Go 1.27, a fuzzer whose time is over may end with nothing but "context deadline exceeded" (go.dev/issue/75804); one that
# found something says where it wrote the input.
FUZZ_FLAGS = -run '^$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 100x
fuzz: ## Run each fuzzer for FUZZTIME (10s)
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

e2e: ## Only the end-to-end tests; in a real Fluent Bit with FLUENT_BIT=/path/to/fluent-bit
	FLUENT_BIT=$(FLUENT_BIT) $(GO) test -count 1 -timeout $(TEST_TIMEOUT) ./e2e/...

release: ## Build archives, packages and the image of VERSION=v1.2.3 into build/release, for all architectures
	$(GO) run -C release . -version '$(VERSION)'

vulnerabilities: ## Known vulnerabilities that the plugins reach; needs the internet
	$(GO) tool -modfile=tools/go.mod govulncheck ./...

# The triple of each architecture in Debian's cross compilers, and its name in QEMU.
TRIPLE_arm64 := aarch64-linux-gnu
TRIPLE_armv7 := arm-linux-gnueabihf
TRIPLE_s390x := s390x-linux-gnu
QEMU_arm64   := aarch64
QEMU_armv7   := arm
QEMU_s390x   := s390x
GO_arm64     := GOARCH=arm64
GO_armv7     := GOARCH=arm GOARM=7
GO_s390x     := GOARCH=s390x

# The tests are native programs; the plugins, and the loader of the development host, run in QEMU. The unit tests run in
# it as a whole, but for two that start themselves again. With default.pgo, the standard library would be compiled twice.
CROSS ?= arm64 armv7
CROSS_TESTS := Glibc Captures BadChunks LegacyForms Layouts DryRunOfEveryLayout FailedStart Workers CPU \
	SecondExample RulesFile TwentyReloads ReloadWithMistakes FaultsAfterSignals StateOverRestart ProcfsLayouts \
	ProcfsTwoInstances ProcfsReloads
cross: $(CROSS:%=cross-%) ## Test the plugins for the architectures CROSS (arm64 armv7, also s390x) under QEMU

cross-%:
	$(GO_$*) CGO_ENABLED=1 CC=$(TRIPLE_$*)-gcc $(GO) test -pgo=off -exec 'qemu-$(QEMU_$*)-static -L /usr/$(TRIPLE_$*)' \
		-skip '^Test(FaultsStayRecoverableByThemselves|StderrGone)$$' ./flb ./record
	CGO_ENABLED=0 CC=$(TRIPLE_$*)-gcc FLBHOST_RUNNER='qemu-$(QEMU_$*)-static -L /usr/$(TRIPLE_$*)' \
		PLUGIN_MAKE='$(GO_$*) PGO=off' $(GO) test -count 1 -timeout $(TEST_TIMEOUT) -run '^Test($(subst $() ,|,$(strip $(CROSS_TESTS))))$$' ./e2e

# The large ones run long enough once; of the small ones the tables take the median of three rounds. go test does not
# take the profile by itself, as go build does.
BENCH_FLAGS = -timeout 0 -run '^$$' -pgo $(CURDIR)/default.pgo
bench: ## Benchmarks with their baselines, and the tables of docs/performance.md (about ten minutes)
	@mkdir -p build
	@( for round in 1 2 3; do \
			$(GO) test -C bench $(BENCH_FLAGS) -bench 'Read|Path|Metrics|Boundary|Workers|Rules|Series|Growth' -benchtime 300ms . && \
			PROCFS=/proc $(GO) test -C procfs $(BENCH_FLAGS) -bench 'Round|Record' -benchtime 300ms . && \
			$(GO) test -C procfs/bench $(BENCH_FLAGS) -bench . -benchtime 300ms . || exit 1; \
		done && \
		$(GO) test -C bench $(BENCH_FLAGS) -bench 'Scrape|Heap|SlowScrapers' -benchtime 300ms . && \
		$(GO) test -C bench $(BENCH_FLAGS) -bench 'Latency|LargePage' -benchtime 8s . ) > build/bench.txt || { cat build/bench.txt; exit 1; }
	$(GO) run -C bench ./tables < build/bench.txt
	$(GO) test -timeout 0 -run '^$$' -bench . -benchtime 1x ./cmd/promexporter

bench-document: bench ## make bench, and write its tables and plots to docs/performance.md
	$(GO) run -C bench ./tables -document ../docs/performance.md -plots ../docs < build/bench.txt > /dev/null

# What the plugin does for chunks and for scrapes. It says nothing of who made it, and where.
profile: ## Record default.pgo again, the profile for building the plugins
	@mkdir -p build
	$(GO) test -C bench -trimpath -run '^$$' -bench 'Path/././by=promexporter|Scrape/series=100000$$/by=promexporter' \
		-benchtime 2s -o $(CURDIR)/build/bench.test -cpuprofile $(CURDIR)/build/cpu.pprof .
	mv build/cpu.pprof default.pgo

bench-host: build ## Processor time in a real Fluent Bit, compared with log_to_metrics; FLUENT_BIT=/path/to/fluent-bit
	$(GO) build -C bench -o ../build/bench-host ./host
	FLUENT_BIT=$(FLUENT_BIT) build/bench-host -plugin $(OUTPUT)

SOAK ?= 5m
soak: ## Records, scrapes, reloads and broken clients at once for SOAK (5m); FLUENT_BIT as for e2e
	FLUENT_BIT=$(FLUENT_BIT) SOAK=$(SOAK) $(GO) test -count 1 -timeout 0 -v -run '^TestSoak$$' ./e2e

size: build ## Size of the plugins, their libraries and their highest GLIBC symbol versions
	@for plugin in $(OUTPUT) $(INPUT); do \
		echo "$$plugin: $$(stat -c %s $$plugin) bytes," \
			"needs $$(readelf -d $$plugin | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | paste -sd ' ')," \
			"highest $$(objdump -T $$plugin | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -1)"; \
	done

clean: ## Remove what was built
	rm -rf build $(OUTPUT) $(INPUT) $(OUTPUT:.so=.h) $(INPUT:.so=.h)
