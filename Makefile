# Everything that a person or a machine runs here. Needs Python 3.11 or newer with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOWEST := .venv-lowest
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST_OPTIONS ?= --numprocesses=auto --maxprocesses=8

.PHONY: serve test test-lowest check messages fields bench lock editor map clean

# HOST and PORT count only as arguments of make: some shells and machines have variables of these names for themselves.
named = $(if $(filter command line,$(origin $(1))),$(2) $($(1)))

serve: $(VENV)/.run  ## publish the bundled records and serve them on http://127.0.0.1:8000; HOST=, PORT= for another
	$(BIN)/iomld serve data $(call named,HOST,--host) $(call named,PORT,--port)

test: $(VENV)/.dev  ## run every test, on all cores; PYTEST_OPTIONS="-n 0 -x" for one after the other until one fails
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(PYTEST_OPTIONS)  # with bytecode a server starts in half the time

test-lowest: $(LOWEST)/.dev  ## the same with the lowest allowed versions of what iomld runs on
	PYTHONDONTWRITEBYTECODE= $(LOWEST)/bin/python -m pytest $(PYTEST_OPTIONS)

check: $(VENV)/.dev  ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

LOCALE := src/iomld/locale
PYBABEL := $(BIN)/pybabel --quiet
KEYWORDS := gettext ngettext:1,2 gettext_noop gettext_html ngettext_html:1,2 message _ _n:1,2

messages: $(VENV)/.dev  ## extract the sentences and bring the catalogues of all languages up to date
	$(PYBABEL) extract --mapping=babel.cfg --no-default-keywords $(KEYWORDS:%=--keyword=%) --project=iomld --version=1 \
	  --no-location --sort-output --width=116 --output=$(LOCALE)/iomld.pot src
	sed -i '/^"POT-Creation-Date: /d' $(LOCALE)/iomld.pot  # a time of making would be a conflict in each merge
	$(PYBABEL) update --domain=iomld --input-file=$(LOCALE)/iomld.pot --output-dir=$(LOCALE) \
	  --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=116

fields: $(VENV)/.dev  ## write the context, the JSON Schemas and the tables of documents anew from the shapes
	$(BIN)/python -m tests.fields.generated
	$(BIN)/python -m tests.docs.tables

bench: $(VENV)/.dev  ## measure; figures depend on the machine
	$(BIN)/python benchmarks/run.py

lock: $(VENV)/.dev  ## pin the newest and the lowest allowed versions with hashes; needs uv
	uv pip compile pyproject.toml --group build --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 --output-file requirements.lock --upgrade
	uv pip compile pyproject.toml --group dev --constraint requirements.lock --generate-hashes --no-header \
	  --no-annotate --no-emit-index-url --no-emit-find-links --python-version 3.11 --output-file requirements-dev.lock --upgrade
	uv pip compile pyproject.toml --resolution lowest-direct --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 --output-file $(VENV)/lowest.txt --upgrade
	uv pip compile pyproject.toml --group dev --constraint $(VENV)/lowest.txt --generate-hashes --no-header \
	  --no-annotate --no-emit-index-url --no-emit-find-links --python-version 3.11 --output-file requirements-lowest.lock --upgrade

editor:  ## bundle the editor of the query page anew; needs node and npm
	npm --prefix editor ci --no-audit --no-fund
	npm --prefix editor run build

map: $(VENV)/.dev  ## draw the outline of the land and find the points of countries anew; needs node and npm
	npm --prefix map ci --no-audit --no-fund
	$(BIN)/python map/build.py

clean:  ## remove the environment and what tools left
	rm -rf $(VENV) $(LOWEST) editor/node_modules map/node_modules dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python $(LOWEST)/bin/python: %/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "iomld needs Python 3.11 or newer. Name one with: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv $* || \
	  { rm -rf $*; echo "This Python has no venv. On Debian or Ubuntu: apt install python3-venv"; exit 1; }

# The package itself is installed by its pinned build tool, without asking for anything that is not in the lock.
$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-build-isolation --no-deps --editable .
	touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-build-isolation --no-deps --editable .
	touch $@ $(VENV)/.run

$(LOWEST)/.dev: requirements-lowest.lock pyproject.toml | $(LOWEST)/bin/python
	$(LOWEST)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-lowest.lock
	$(LOWEST)/bin/python -m pip --disable-pip-version-check --quiet install --no-build-isolation --no-deps --editable .
	touch $@
