# Everything starts from Python 3.11 or newer and nothing else: the targets make their own .venv
# from hash-locked requirements and repeat that only when a lock or pyproject.toml changes.

# PYTHON: another interpreter to make .venv with, e.g. `make test PYTHON=python3.13`.
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
# Where `make demo` keeps what it writes.
DEMO := build/demo
# Stamps of the set-up; empty on the command line (`make demo RUN_READY=`) where another environment is in use.
RUN_READY := $(VENV)/.run-ready
DEV_READY := $(VENV)/.dev-ready
# The environment of `make test-llm`. Its server needs older libraries than ours may be, and is compiled from source.
LLM := .venv-llm
LLM_READY := $(LLM)/.ready

# --only-binary: nothing of a dependency is executed while it is installed.
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check
LOCKED := --require-hashes --only-binary :all:
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--only-binary :all: --no-emit-index-url --quiet --custom-compile-command 'make lock' \
	$(if $(UPGRADE),--upgrade)

BRIEF := POST /echo takes {v: string}, trims and lower-cases v and returns {v}. p95 under 50 ms at 500 requests a second, reject bodies without v.

.DEFAULT_GOAL := help
.PHONY: help demo test test-llm check format bench evals lock clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(RUN_READY) ## From a brief to a live endpoint: set up, then author, certify, deploy and call a flow
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	FLOWS_HOME=$(DEMO)/home $(BIN)/flows author "$(BRIEF)" --out $(DEMO)/flow --yes
	@echo "  from here: FLOWS_HOME=$(DEMO)/home $(BIN)/flows serve --deployed"

test: $(DEV_READY) ## Set up and run every test
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

test-llm: $(LLM_READY) ## Ask a real small model, in an environment of its own (its server is compiled, which takes minutes)
	FLOWS_TEST_LLM=1 $(LLM)/bin/python -m pytest tests/llm

check: $(DEV_READY) ## Format, lint, strict types, import direction, dead code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

format: $(DEV_READY) ## Format the code and apply the linter's safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV_READY) ## Measure authoring, serving and the checker in few rounds (timings live here, never in tests)
	@missed=0; for one in author web sse llm check certify mutants; do \
	  case $$one in web|sse|llm) more="--rounds 3 --html build/bench/$$one.html";; certify) more="--rounds 1 --html build/bench/$$one.html";; *) more=;; esac; \
	  echo "flows bench $$one $$more"; $(BIN)/flows bench $$one $$more || missed=1; \
	done; exit $$missed

evals: $(DEV_READY) ## Replay every recorded brief of the packaged suites: author, certify, serve and probe each
	FLOWS_HOME=build/evals $(BIN)/flows eval all --jobs 2 --model replay:evals/records

lock: $(DEV_READY) ## Write requirements/*.txt anew from pyproject.toml (UPGRADE=1: in their newest versions)
	$(COMPILE) --extra agents --extra bench --extra otel --extra postgres --extra s3 --group build --group dev --output-file requirements/dev.txt
	$(COMPILE) --extra agents --group build --constraint requirements/dev.txt --output-file requirements/run.txt

clean: ## Remove the environment and everything that was built
	rm -rf $(VENV) $(LLM) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find kernel agents tests examples -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@for python in $(PYTHON) python3.11 python3 python3.12 python3.13 python3.14; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  echo "Making $(VENV) with $$($$python --version)"; \
	  "$$python" -m venv --clear $(VENV) && exit 0; \
	  rm -rf $(VENV); \
	  echo "error: $$python cannot make a virtual environment; install its venv module (Debian: python3-venv)" >&2; \
	  exit 1; \
	done; \
	echo "error: Python 3.11 or newer is needed and none was found; install it or name it: make PYTHON=PATH" >&2; \
	exit 1

$(RUN_READY): requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "Installing the locked requirements into $(VENV)"
	@$(PIP_INSTALL) $(LOCKED) -r requirements/run.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_READY): requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing the locked requirements, with the development tools, into $(VENV)"
	@$(PIP_INSTALL) $(LOCKED) -r requirements/dev.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run-ready

$(LLM_READY): pyproject.toml | $(BIN)/python
	@echo "Compiling llama-cpp-python into $(LLM), which takes minutes"
	@$(BIN)/python -m venv --clear $(LLM)
	@CMAKE_ARGS="-DLLAVA_BUILD=OFF" $(LLM)/bin/python -m pip install -qq --disable-pip-version-check \
	  --editable '.[openai,local-llm]' 'pytest>=8.4'
	@touch $@
