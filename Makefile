# Everything a fresh machine needs is set up in this folder: .venv, .cache (fetched), .data (written).
PYTHON ?= python3
RUN := .venv/bin/python -m deploy.local

.DEFAULT_GOAL := help
.PHONY: help setup demo run test lint types unit page rules integration bench chaos soak hostile fetch constraints clean

help: ## list the targets
	@grep -E '^[a-z ]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 36

setup: ## make .venv, or bring it up to date
	@command -v $(PYTHON) >/dev/null || { echo "no $(PYTHON) here: install Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -m deploy.local.bootstrap

demo: setup ## the whole system on the events of 2022 (FILES="a.jsonl b.jsonl.gz", ONCE=1, SPEED=3600)
	@.venv/bin/belwatch demo $(if $(ONCE),--once) $(if $(SPEED),--speed $(SPEED)) $(FILES)

run: setup ## the whole system, live, until Ctrl-C
	@$(RUN) up

test: setup ## all test stages, timed
	@$(RUN).stages

lint types unit page rules integration: setup ## one test stage
	@$(RUN).stages $@

bench: setup ## throughput beside peers on a real broker (FULL=1 for the whole table)
	@.venv/bin/python -m tests.benchmarks $(if $(FULL),--full)

chaos: setup ## kill and stop workers and broker under load, 20 minutes (SEED=n repeats, WRITE=1 records)
	@PYTHONPATH=tests:. .venv/bin/python -m chaos $(if $(SEED),--seed $(SEED)) $(if $(WRITE),--write)

soak: setup ## two million messages through a worker, and is its memory flat? (writes tests/benchmarks/SOAK.md)
	@PYTHONPATH=tests:. .venv/bin/python -m benchmarks.soak --write

hostile: setup ## a hundred thousand hostile texts through everything that shows them
	@BELWATCH_HOSTILE=100000 .venv/bin/python -m pytest tests/unit/test_hostile.py -o faulthandler_timeout=0

fetch: setup ## download what the stack runs, for later use without network
	@$(RUN) fetch

constraints: ## pin anew what the pinned dependencies bring with them (deploy/constraints.txt)
	$(PYTHON) -m venv --clear .cache/pins
	.cache/pins/bin/pip install -q hatchling==1.27.0 editables --editable '.[local,dev]'
	(echo "# What the pins of pyproject.toml bring with them. Made by: make constraints"; \
	  .cache/pins/bin/pip freeze --exclude-editable) > deploy/constraints.txt

clean: ## remove what was set up, fetched and written
	rm -rf .venv .cache .data .pytest_cache .mypy_cache .ruff_cache .hypothesis
