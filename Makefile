# Every target makes .venv by itself when it is missing or older than the lock.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
VENDOR_DOCS ?=
SEED ?= 1
ON_POSTGRESQL := tests/integration tests/acceptance tests/postgresql

.PHONY: help setup demo run test check conformance bench chaos chaos-seeds screens lock
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): requirements.lock pyproject.toml
	@echo "installing into .venv, about a minute the first time" >&2
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

setup: $(READY) ## make .venv with everything the project needs
	@$(BIN)/pybabel --quiet compile --domain django --directory src/loonbrug/locale

demo: setup ## product, AFAS and Nmbrs sandboxes and mail catcher with a sample office; prints the address
	@$(BIN)/loonbrug demo

run: setup ## the product alone
	@$(BIN)/loonbrug serve

test: setup ## all tests; those that touch the database on PostgreSQL as well
	@$(BIN)/pytest --numprocesses 2
	@$(BIN)/python -m tests.postgresql_server $(BIN)/pytest --numprocesses 2 $(ON_POSTGRESQL)

check: setup ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

conformance: setup ## the sandboxes against the vendors' published documents (VENDOR_DOCS=DIR)
	@if [ -z "$(VENDOR_DOCS)" ] && [ "$$CI" != true ]; then \
	  echo "conformance: not run; name the folder of the vendors' documents: make conformance VENDOR_DOCS=DIR"; \
	else \
	  VENDOR_DOCS="$(VENDOR_DOCS)" $(BIN)/pytest tests/conformance; \
	fi

bench: setup ## benchmarks; figures go into benchmarks/README.md
	@$(BIN)/python -m benchmarks.journal --json
	@$(BIN)/python -m benchmarks.delivery --json
	@$(BIN)/python -m benchmarks.nmbrs_sync --json

chaos: setup ## a storm of faults over real processes, on both engines (SEED=n); AFAS's books are compared by content
	@$(BIN)/python -m benchmarks.chaos --engine embedded --seed $(SEED) --json
	@$(BIN)/python -m benchmarks.chaos --engine procrastinate --seed $(SEED) --json

chaos-seeds: setup ## twenty storms in a row, half of them on each engine, and their table
	@$(BIN)/python -m benchmarks.chaos.seeds --file storms.jsonl

screens: setup ## pictures of every screen, into docs/screens (needs Chromium)
	@SCREENS=1 $(BIN)/pytest tests/browser/test_screens.py

lock: ## renew requirements.lock
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --strip-extras --all-extras --output-file requirements.lock pyproject.toml
