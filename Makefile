# The verbs of the house. `make help` lists them.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
STAMP := $(VENV)/.installed
DEMO_HOME ?= home
# A desk behind a proxy trusts its own authority: take the machine's certificates, not the tool's.
export UV_SYSTEM_CERTS ?= 1
export UV_NATIVE_TLS ?= 1

.PHONY: help setup run test check format lock bench soak evaluate learn evaluate-pages screenshots clean

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet 'uv>=0.9,<1'

$(STAMP): requirements.lock pyproject.toml | $(if $(filter .uv/bin/uv,$(UV)),.uv/bin/uv)
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

setup: $(STAMP) ## create the locked environment; leaves .venv/bin/chipwatch

run: $(STAMP) ## the demo's next day: crawl, detect, digest
	$(BIN)/chipwatch --home $(DEMO_HOME) demo run

test: check ## everything CI runs: lint, types, tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(STAMP) ## lint and types
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(STAMP) ## let ruff sort and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(STAMP) ## resolve pyproject.toml anew into requirements.lock
	$(UV) pip compile pyproject.toml --extra dev --extra archive --extra notify --universal --python-version 3.11 --generate-hashes --upgrade --quiet --no-header -o requirements.lock

bench: $(STAMP) ## the figures of bench/, as ratios in one run
	$(BIN)/python -m bench

soak: $(STAMP) ## long storms and soaks
	$(BIN)/python -m pytest -m soak

LISTINGS := $(wildcard ../shared/data/listings/dev.jsonl)

evaluate: $(STAMP) ## reading, errors by kind and judging for LABELLED=FILE (default: our held-out part), also with MARKET=HOME|FILE|FOLDER
	$(BIN)/chipwatch evaluate --errors $(addprefix --market ,$(MARKET)) $(LABELLED)

learn: $(STAMP) ## make the votes in config/learned anew, of config/examples and labelled listings
	$(BIN)/python -m detector.learn_offers $(LISTINGS) tests/labelled/offers.jsonl tests/labelled/short.jsonl tests/labelled/train-*.jsonl
	$(BIN)/python -m detector.learn --labelled tests/labelled/train-*.jsonl $(LISTINGS)

evaluate-pages: $(STAMP) ## extraction figures on stored product pages
	$(BIN)/python -m crawler.extraction.evaluate $(PAGES)

screenshots: $(STAMP) ## pictures of every page of the desk on the demo's home, into docs/screenshots (needs Chromium)
	@test -f $(DEMO_HOME)/chipwatch.db || $(BIN)/chipwatch --home $(DEMO_HOME) demo run
	$(BIN)/python -m tests.screenshots $(DEMO_HOME)

clean: ## remove the environment, caches and the demo's home
	rm -rf $(VENV) .uv $(DEMO_HOME) .pytest_cache .mypy_cache .ruff_cache build dist
