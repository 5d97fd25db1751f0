# The commands of this project. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header

# Checks and tests keep what they write away from the portals of `make run`.
check test bench load faults screens: export DIP_HOME ?= $(CURDIR)/var/test
check test bench load faults screens: export DIP_TRUSTED_KEYS_DIR ?= $(CURDIR)/var/test/trusted-keys
check test bench load faults screens: export STATIC_ROOT ?= $(CURDIR)/var/test/staticfiles

.PHONY: help run sign-ins code manage check test bench load faults screens lock sbom clean

help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: $(VENV)/.main-installed ## Start UIT and Production here, promote one company, stay until Ctrl-C
	@$(BIN)/python -m deploy.run

sign-ins: $(VENV)/.main-installed ## Show how the demonstration's people sign in to both, with the codes of now
	@$(BIN)/python -m deploy.run sign-ins

code: $(VENV)/.main-installed ## An authenticator app: make code SECRET=... shows the six digits of now
	@$(BIN)/python -m deploy.run code "$(SECRET)"

manage: $(VENV)/.main-installed ## A manage.py command in one of them: make manage IN=uit DO="reset fresh"
	@$(BIN)/python -m deploy.run manage $(IN) $(DO)

check: $(VENV)/.dev-installed ## Format, lint, types, templates, import layers, settings, migrations
	@$(BIN)/python .ci/check.py

test: $(VENV)/.dev-installed ## Everything `check` does, then every test that this machine can run
	@$(BIN)/python .ci/suite.py

bench: $(VENV)/.dev-installed ## Measure all beside their peers and write docs/benchmarks.md; make bench ONLY=api a part
	@$(BIN)/python -m bench $(ONLY)

faults: $(VENV)/.dev-installed ## Kill servers and services at random moments while all is in use: make faults ROUNDS=100 SEED=1
	@$(BIN)/python -m tests.faults.rounds $(or $(ROUNDS),20) $(or $(SEED),1)

load: $(VENV)/.dev-installed ## Let 50 signed clients call the API on this machine for five minutes; needs PostgreSQL
	@$(BIN)/python -m bench.load

screens: $(VENV)/.dev-installed ## Take the pictures of docs/screens/ anew, from a run of its own; needs Chromium
	@$(BIN)/python -m pytest -q -n0 tests/browser/screens.py

lock: $(VENV)/.dev-installed ## Write requirements/*.txt anew from pyproject.toml
	$(COMPILE) pyproject.toml -o requirements/main.txt
	$(COMPILE) --group dev -c requirements/main.txt pyproject.toml -o requirements/dev.txt

sbom: $(VENV)/.dev-installed ## Write var/sbom.json: what is inside, as CycloneDX, from requirements/main.txt
	@mkdir -p var
	@$(BIN)/cyclonedx-py requirements requirements/main.txt --pyproject pyproject.toml \
		--output-reproducible -o var/sbom.json

clean: ## Remove the virtual environment, the caches and everything under var/
	rm -rf $(VENV) var staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache \
		.hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; $(PYTHON) is not. Name one: make PYTHON=python3.12 ..." >&2; \
		exit 1; }
	@echo "Creating $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

# The stamps say what is installed, so that a second `make` is quick. dev.txt contains main.txt.
$(VENV)/.main-installed: requirements/main.txt | $(VENV)/bin/python
	@echo "Installing $< ..."
	@$(INSTALL) -r $< && touch $@

$(VENV)/.dev-installed: requirements/dev.txt | $(VENV)/bin/python
	@echo "Installing $< ..."
	@$(INSTALL) -r $< && touch $@ $(VENV)/.main-installed
