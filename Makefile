# Korridor. `make` alone lists what you can do. Works with GNU make 3.81 (macOS) and newer.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Not the default on purpose: make 3.81 looks up the default shell's simple commands in the PATH from before the change below.
SHELL := /usr/bin/env sh

# The environment's programs come first, Node.js among them: npm starts `node` by name.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Only the locked Python packages, from whatever index the machine is set up for; no interpreter of uv's own.
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
export PYTHONPATH :=

PYTHON_LOCKS := requirements/runtime.txt requirements/build.txt
NODE_MODULES := web/node_modules/.package-lock.json
CLIENT := web/dist/.vite/manifest.json
CLIENT_SOURCES := $(shell find web/src web/build web/public shared_schema/texts -type f 2>/dev/null) \
  $(wildcard web/index.html web/vite.config.ts web/svelte.config.js web/tsconfig.json)

.PHONY: help
help: ## list what you can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: .venv/.run $(CLIENT) ## start Korridor with a demo area on http://127.0.0.1:8000 (PORT=…)
	exec python -m server.cli serve --demo

.PHONY: client
client: $(CLIENT) ## build the web client into web/dist

.PHONY: wheel
wheel: $(CLIENT) ## build an installable package, client included, into dist/
	rm -f dist/korridor-*.whl
	python -m hatchling build -t wheel

# What a machine without containers runs, and what the image holds.
PREFIX := /opt/korridor
INSTALL_THERE = uv pip install --quiet --python $(PREFIX)/bin/python --compile-bytecode

.PHONY: install
install: wheel ## install the package and what it needs, pinned by hash, into PREFIX (/opt/korridor)
	python -m venv --without-pip $(PREFIX)
	$(INSTALL_THERE) --exact --require-hashes -r requirements/runtime.txt
	$(INSTALL_THERE) --no-deps --force-reinstall dist/korridor-*.whl

.PHONY: setup
setup: .venv/.dev $(NODE_MODULES) ## install everything that development and tests need
	python -m tests.support.services browser

.PHONY: test
test: setup $(CLIENT) ## run all tests: server, client, browser
	cd web && npm run --silent check
	cd web && npm run --silent test
	pytest -n logical --maxprocesses 4 --dist worksteal

.PHONY: test-server
test-server: .venv/.dev ## run the tests that need no browser and no Node.js
	python -m tests.support.services
	pytest -n logical --maxprocesses 4 --dist worksteal -m "not browser"

.PHONY: test-faults
test-faults: .venv/.dev $(CLIENT) ## break everything, for long, and keep the figures for docs/reliability.md
	python -m tests.support.services
	KORRIDOR_FAULTS=long pytest tests/faults tests/e2e/test_processes.py
	python -m tests.faults.figures

.PHONY: check
check: .venv/.dev $(CLIENT) ## lint, types, import contracts, generated files, size of the client, policy
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	python -m shared_schema.typescript --check
	python -m tools.rights --check
	cd web && npm run --silent check
	cd web && npm run --silent lint
	python -m tools.size
	python -m tools.policy

.PHONY: format
format: .venv/.dev $(NODE_MODULES) ## format Python and the client, repair what linters can
	ruff check --fix .
	ruff format .
	cd web && npm run --silent format

.PHONY: types
types: .venv/.dev ## write web/src/schema.ts from the Python vocabulary
	python -m shared_schema.typescript

.PHONY: rights
rights: .venv/.dev ## write docs/rights.md from the rules of commands and routes
	python -m tools.rights

.PHONY: bench
bench: .venv/.dev $(CLIENT) ## measure (QUICK=1 for a short run)
	python -m bench

.PHONY: lock
lock: .venv/.uv ## resolve the locked dependencies anew after a change of pyproject.toml or package.json
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) --group pyproject.toml:build -c requirements/runtime.txt -o requirements/build.txt
	$(COMPILE) pyproject.toml --group dev -c requirements/runtime.txt -c requirements/build.txt -o requirements/dev.txt
	uv pip install --quiet --require-hashes -r requirements/build.txt
	cd web && npm install --package-lock-only

.PHONY: upgrade
upgrade: UPGRADE := --upgrade
upgrade: lock ## lock the newest versions that pyproject.toml allows

# One lock for every platform and Python, with hashes and without addresses.
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(UPGRADE)

.PHONY: clean
clean: ## remove what was installed and built; the data in var/ stays
	rm -rf .venv web/node_modules web/dist dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find server shared_schema tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.venv/.uv: requirements/uv.txt tools/venv.sh
	sh tools/venv.sh
	@touch $@

INSTALL_SELF = uv pip install --quiet --no-deps --no-build-isolation --editable .

.venv/.run: .venv/.uv $(PYTHON_LOCKS)
	uv pip install --quiet --require-hashes $(PYTHON_LOCKS:%=-r %)
	$(INSTALL_SELF)
	@touch $@

# Everything that `run` needs and more, so that is up to date too.
.venv/.dev: .venv/.uv requirements/dev.txt pyproject.toml
	uv pip sync --quiet --require-hashes requirements/dev.txt
	$(INSTALL_SELF)
	@touch .venv/.run $@

# npm writes this file itself, last.
$(NODE_MODULES): web/package-lock.json web/.npmrc | .venv/.run
	cd web && npm ci --silent
	@touch $@

$(CLIENT): $(CLIENT_SOURCES) $(NODE_MODULES)
	cd web && npm run --silent build -- --logLevel warn
	@touch $@
