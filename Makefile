# Everything a person does with the project. `make` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STATE ?= .glue-local
ARGS ?=
ENV ?=
STATE_BUCKET ?=
export STATE_BUCKET
PYTHON ?= $(shell command -v python3.11 || command -v python3 || true)

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.complete ## virtual environment with every locked package

$(VENV)/.complete: requirements/dev.lock pyproject.toml lib/awsglue_local/pyproject.toml
	@if command -v uv >/dev/null; then \
	  echo "setup: virtual environment by uv"; \
	  uv venv --quiet --python 3.11 --allow-existing $(VENV); \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.lock; \
	  PYTHONWARNINGS=ignore uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --config-settings editable_mode=compat -e . -e lib/awsglue_local; \
	else \
	  test -n "$(PYTHON)" || { echo "setup: neither uv nor python3.11 found: install one of them" >&2; exit 1; }; \
	  "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	    || { echo "setup: $(PYTHON) is not Python 3.11: install it, or install uv" >&2; exit 1; }; \
	  echo "setup: virtual environment by $(PYTHON) (about 600 MB of packages at the first time)"; \
	  "$(PYTHON)" -m venv $(VENV); \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock; \
	  PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat -e . -e lib/awsglue_local; \
	fi
	@touch $@

demo: setup ## the whole platform on this machine, rows followed all the way (ARGS="--help")
	@$(BIN)/python -m totesys_demo --state $(STATE) $(ARGS)

redeploy: setup ## what `make demo` started runs the code as it is now, on the data it has
	@$(BIN)/python -m totesys_demo.redeploy --state $(STATE)

live: setup ## totesys written all the time, the schedule on, each stage shown (ARGS="--help")
	@$(BIN)/python -m totesys_demo.live $(ARGS)

down: setup ## stop what `make demo` started and forget its data
	@$(BIN)/glue-local down --state $(STATE)

scale: setup ## 3 million orders through all jobs, timed (ARGS="--orders N")
	@$(BIN)/python -m totesys_demo.scale $(ARGS)

growth: setup ## an ingest after 10, 100 and 300 batches, timed (ARGS="--batches N")
	@$(BIN)/python -m totesys_demo.growth $(ARGS)

test-unit: setup ## tests that need no JVM and no server: seconds (ARGS="-k name")
	@tests/run.sh unit $(ARGS)

test: setup ## all tests of the ETL but the proofs, failed ones first: minutes (ARGS=tests/...)
	@tests/run.sh etl $(ARGS)

test-local-aws: setup ## the local AWS's own tests
	@tests/run.sh local-aws $(ARGS)

test-proof: setup ## histories, crash points, a backlog, by the date (SEED=number repeats a day's)
	@tests/run.sh proof $(ARGS)

test-all: setup ## every test, with branch coverage: half an hour
	@tests/run.sh all $(ARGS)

soak: setup ## hours: thousands of histories, every crash point; goes on where it was interrupted (SEED, SOAK_HISTORIES, ARGS)
	@SOAK=1 tests/run.sh proof -n 0 -s $(ARGS)

lint: setup ## format, style, types, import rules, insecure code: seconds
	@tests/lint.sh

format: setup ## format the code, mend what ruff can mend
	@$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format .

security: setup ## Terraform's settings, known vulnerabilities: slow
	@tests/security.sh

artifacts: setup ## what ships to AWS Glue, in dist/: one zip of wheels
	@$(BIN)/python -m totesys_deploy.artifacts dist

doctor: setup ## whether machine, account and databases are ready for a deployment (ENV=name, STATE_BUCKET)
	@$(BIN)/python -m totesys_deploy.doctor "$(ENV)"

plan: artifacts ## what a deployment to AWS would change (ENV=name, STATE_BUCKET)
	@terraform/run.sh plan "$(ENV)"

deploy: artifacts ## deploy to AWS (ENV=name, STATE_BUCKET)
	@terraform/run.sh deploy "$(ENV)"

secrets: setup ## ask for the logins of the jobs, for Secrets Manager (ENV=name, STATE_BUCKET)
	@terraform/run.sh output "$(ENV)" | $(BIN)/python -m totesys_deploy.secrets

destroy: ## take a deployment away (ENV=name, STATE_BUCKET)
	@terraform/run.sh destroy "$(ENV)"

docs: setup ## generate docs/{cost,proof,tables}.md and the modules' READMEs again
	@$(BIN)/python -m tools.docs.cost
	@$(BIN)/python -m tools.docs.tables
	@$(BIN)/python -m tools.docs.proof
	@$(BIN)/python -m tools.docs.module_docs

pictures: setup ## draw docs/img/*.svg again
	@$(BIN)/python -m tools.docs.pictures

lock: setup ## pin all packages again
	@for name in dev safety checkov; do \
	  uv pip compile requirements/$$name.in --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --quiet -o requirements/$$name.lock; done
	@uv pip compile requirements/glue.in --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
	  --generate-hashes --no-emit-index-url --no-header --quiet --no-emit-package typing-extensions -o requirements/glue.lock

clean: ## remove everything that was generated
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .soak .coverage .coverage.*

.PHONY: help setup demo redeploy live down scale growth test-unit test test-local-aws test-proof test-all soak lint format security artifacts doctor plan deploy secrets destroy docs pictures lock clean
