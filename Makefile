# Everything a developer or an administrator of a checkout does. `make help` lists it.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
STAMPS := .venv/.stamps

.DEFAULT_GOAL := help
.PHONY: help setup setup-run setup-tests run test check docs screenshots bench lock clean

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: setup-run setup-tests ## Install all that running and testing need

setup-run: $(STAMPS)/python $(STAMPS)/web

setup-tests: setup-run
	@tools/install_debian_packages

$(STAMPS)/python: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	mkdir -p $(STAMPS) && touch $@

$(STAMPS)/web: package.json package-lock.json $(shell find runtime/dougong_runtime/pages/web designer/dougong_designer/web tools/build_web.mjs tools/icons.txt -type f 2>/dev/null) | $(STAMPS)/python
	npm ci --silent --no-audit --no-fund
	npm run --silent build
	mkdir -p $(STAMPS) && touch $@

run: setup-run ## Serve the investment CRM with demo data on 127.0.0.1:8000
	$(BIN)/dougong demo --data-dir var/demo --port 8000

test: setup ## Set up and run all tests
	$(BIN)/python tools/run_tests.py

check: setup-run ## The quick checks that run before each commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/tidy.py
	$(BIN)/dougong template check templates/crm_investment

docs: setup-run ## Write the generated pages of docs/ anew
	$(BIN)/python tools/document_formulas.py
	$(BIN)/python tools/document_schemas.py
	$(BIN)/python tools/document_errors.py

screenshots: setup ## Pictures of every main page, both languages, light and dark, wide and narrow, in var/screenshots
	$(BIN)/python tools/screenshots.py

bench: setup ## Measure against the thin baseline; figures go to bench/RESULTS.md
	$(BIN)/python -m bench

lock: ## Resolve the dependencies anew
	$(BIN)/pip install --quiet --disable-pip-version-check pip-tools
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url --no-emit-trusted-host --strip-extras --extra dev --output-file requirements.lock pyproject.toml
	npm install --package-lock-only --ignore-scripts

clean: ## Remove what setup and runs have made
	rm -rf .venv node_modules var dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
