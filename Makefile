# Everything a person types. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON := .venv/bin/python
UV_COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make deps'

.PHONY: help run test lint format bench demo deps clean dev tools

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start the console; installs what it needs first. Ctrl-C ends it
	@exec scripts/bootstrap run

test: ## install what tests need, then run every check and every test
	@scripts/bootstrap dev
	@exec $(PYTHON) scripts/run_tests.py

lint: tools ## style, spelling, types, layers
	@exec $(PYTHON) scripts/run_tests.py lint format spelling types layers

format: tools ## put the code into its one form
	$(PYTHON) -m ruff check --fix --quiet .
	$(PYTHON) -m ruff format .

bench: dev ## measure, as ratios, into bench/results/
	@PATH="$(CURDIR)/.venv/bin:$$PATH" exec scripts/bench

demo: dev ## the whole journey against a running console, with real parts
	@PATH="$(CURDIR)/.venv/bin:$$PATH" exec scripts/demo

deps: tools ## compile requirements/*.in into hashed files
	$(UV_COMPILE) requirements/base.in --output-file requirements.txt
	$(UV_COMPILE) requirements/dev.in --constraint requirements.txt --output-file requirements/dev.txt
	$(UV_COMPILE) requirements/ldap.in --output-file requirements/ldap.txt
	$(UV_COMPILE) requirements/smpp.in --output-file requirements/smpp.txt

clean: ## remove caches; keeps .venv and var
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage coverage.xml test-results
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

dev tools:
	@scripts/bootstrap $@
