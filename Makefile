# The door: each target sets up what it needs. Needs Python >= 3.11, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint bench docs generate clean

demo: $(READY)  ## set up and judge examples/
	@$(BIN)/python examples/demo.py

test: lint  ## set up and run everything that CI checks
	$(BIN)/python scripts/generate.py --check
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term-missing:skip-covered
	$(BIN)/changegate test rules

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# As users have it: from a wheel, compiled.
bench: $(READY)  ## measure the budget table on generated corpora
	$(PYTHON) -m venv $(VENV)/bench
	$(VENV)/bench/bin/python -m pip install --quiet --disable-pip-version-check .
	$(VENV)/bench/bin/python benchmarks/run.py

generate: $(READY)  ## write the generated pages, schemas and files anew
	$(BIN)/python scripts/generate.py

docs: generate  ## build the documentation into site/
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("changegate needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $(READY)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
