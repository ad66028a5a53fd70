# The commands of this project. `make` without a name lists them.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check
PINS   := .ci/pins
# The pin files are complete, so pip resolves nothing: old versions resolve an extra to a release newer than its pin, and fail.
# Only wheels are installed: to build one, pip would install the newest build tools, which no file pins.
PINNED := $(PIP) install --only-binary=:all: --no-deps --require-hashes

# Where this is set, every process that a test starts compiles every module again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test coverage drills lint fix e2e bench warning docs site pins clean
.DEFAULT_GOAL := help

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The virtual environment with what the exporter needs at run time. It is enough for the demo.
$(VENV)/.run: pyproject.toml $(PINS)/run.txt $(PINS)/build.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make PYTHON=/path/to/python3.11")'
	@$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "installing into $(VENV) ..."
	@$(PINNED) -r $(PINS)/run.txt -r $(PINS)/build.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(PIP) check
	@touch $@

$(VENV)/.dev: $(VENV)/.run $(PINS)/dev.txt
	@echo "installing the development tools ..."
	@$(PINNED) -r $(PINS)/dev.txt
	@$(PIP) check
	@touch $@

setup: $(VENV)/.dev  ## create .venv with everything that these commands need

demo: $(VENV)/.run  ## run the exporter against simulated vendors on this machine
	@$(BIN)/ai-account-exporter demo

test: $(VENV)/.dev  ## run all tests
	$(BIN)/python -m pytest -n 2 $(ARGS)

coverage: $(VENV)/.dev  ## run all tests and measure the coverage, which takes almost twice as long
	@$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -n 2 --cov=exporter --cov-branch --cov-report=term $(ARGS)

drills: $(VENV)/.dev  ## test every fault of docs/reliability.md against real daemons (takes minutes)
	$(BIN)/python -m pytest -n 2 -m drill $(ARGS)

lint: $(VENV)/.dev  ## check format, style, types and generated documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tools.generate --check

fix: $(VENV)/.dev  ## correct format and style automatically
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev  ## regenerate the generated documents
	$(BIN)/python -m tools.generate

site: $(VENV)/.dev  ## build the documentation site into site/
	$(BIN)/zensical build --strict

e2e: $(VENV)/.dev  ## test with the real Prometheus, Alertmanager, Chromium, podman and Helm (.ci/run installs their packages)
	@$(BIN)/python -m tests.helm.get_helm
	$(BIN)/python -m pytest -m e2e -n 2 --dist loadfile -p no:cacheprovider $(ARGS)

bench: $(VENV)/.dev  ## compare scrapes, polls, start and memory with peers, as ratios
	$(BIN)/python benchmarks/exposition.py --series 2000 20000
	$(BIN)/python benchmarks/exposition.py --series 200000 --rounds 1
	$(BIN)/python -m benchmarks.burn
	$(BIN)/python -m benchmarks.polls
	$(BIN)/python benchmarks/startup.py

warning: $(VENV)/.dev  ## measure on simulated accounts whether the rules warn in time (takes minutes; SEED=1)
	$(BIN)/python -m benchmarks.warning simulate .warning/seed-$(or $(SEED),1) --seed $(or $(SEED),1) $(ARGS)
	$(BIN)/python -m benchmarks.warning score .warning/seed-$(or $(SEED),1)

pins: $(VENV)/.dev  ## update the pinned versions to the newest that pyproject.toml allows
	@$(PIP) install pip-tools
	$(BIN)/python .ci/pins/compile.py

clean:  ## remove what the other commands created
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* .cache .helm .warning dist site
