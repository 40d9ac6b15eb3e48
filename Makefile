# `make serve` and `make test` work on a machine with Python 3.11 or newer and make; everything else is installed here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export HF_HUB_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false

.DEFAULT_GOAL := help
.PHONY: help serve ask build test check clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

serve: $(STAMP) ## build the index if it is missing, serve the page on http://127.0.0.1:8000
	$(BIN)/rcm-qa build
	$(BIN)/rcm-qa serve

ask: $(STAMP) ## one question: make ask q="Which countries are members of the RCM?"
	@test -n "$(q)" || { echo 'make ask: no question; write make ask q="..."' >&2; exit 2; }
	@$(BIN)/rcm-qa build --quiet
	@$(BIN)/rcm-qa ask "$(subst ",\",$(q))"

build: $(STAMP) ## build the index from the bundled collection
	$(BIN)/rcm-qa build

test: $(STAMP) ## everything that CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m corpus check
	$(BIN)/pytest --durations=15

check: $(STAMP) ## the fast part of the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m corpus check
	RCM_TEST_HOME=var/test-home $(BIN)/pytest -q -m "not slow and not browser"

clean: ## remove what was built (not your documents in var/library)
	rm -rf var/generations var/cache var/live var/previous .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
