# Needs GNU make 3.81 or newer, a shell and Python; `make` alone prints the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKED := requirements/dev.txt
# The name holds the checksum of what was installed: unchanged requirements cost nothing.
STAMP := $(VENV)/.installed-$(shell cksum < $(LOCKED) | cut -d ' ' -f 1)
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make requirements"
FAULTS ?= full
SECONDS ?= 60
SEED ?=
URL ?= http://127.0.0.1:8000

.DEFAULT_GOAL := help
.PHONY: help setup up test test-fast test-faults test-contract test-machine \
	screenshots lint types contracts requirements docker-up clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## Make .venv with everything a developer needs
	@printf 'Ready. Next: make up\n'

up: $(STAMP) ## Run the whole product on this machine; Ctrl-C stops it
	@$(BIN)/python manage.py up

test: $(STAMP) ## Run all tests but the fault suite and Schemathesis
	@$(BIN)/python -m pytest -n 2 -m "not faults and not contract"

test-fast: $(STAMP) ## Run the tests that take no browser and no patience
	@$(BIN)/python -m pytest -n 2 -m "not slow and not e2e and not faults and not contract"

test-faults: $(STAMP) ## Run the fault suite at the product's pace; FAULTS=short takes a minute
	@FAULTS=$(FAULTS) $(BIN)/python -m pytest -n 2 --dist worksteal -m faults cachesync/tests/faults

test-contract: $(STAMP) ## Run Schemathesis against the running server: SECONDS=600, SEED=… of a failure
	@CONTRACT_SECONDS=$(SECONDS) CONTRACT_SEED=$(SEED) \
		$(BIN)/python -m pytest -n 0 -s --show-capture=no -m contract blip0/tests/contract

test-machine: $(STAMP) ## Play many long histories of two tenants; takes minutes
	@MACHINE=long $(BIN)/python -m pytest -n 0 blip0/tests/machine

screenshots: $(STAMP) ## Make the pictures of docs/images from the demo data of a running `make up`: URL=…
	@$(BIN)/python manage.py shell --verbosity 0 --command \
		"from blip0.tests.e2e.screenshots import main; main('$(URL)')"

lint: $(STAMP) ## Check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP) ## Check the types
	@$(BIN)/mypy .

contracts: $(STAMP) ## Check which package may import which
	@$(BIN)/lint-imports

requirements: $(STAMP) ## Compile requirements/*.in, with hashes
	@$(COMPILE) requirements/base.in -o requirements/base.txt
	@$(COMPILE) requirements/production.in -c requirements/base.txt -o requirements/production.txt
	@$(COMPILE) requirements/dev.in -c requirements/base.txt -o requirements/dev.txt

docker-up: ## Build the image and run the product in containers
	@command -v docker >/dev/null || { \
		printf 'error: docker is not installed. Without it: make up\n' >&2; exit 1; }
	@docker/secrets.sh
	@docker compose --file docker/compose.yaml up --build --detach --wait

clean: ## Remove what tools left behind; the data in .blip0 stays
	@find . -name .venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(STAMP):
	@command -v "$(PYTHON)" >/dev/null || { \
		printf 'error: %s is not there. Install Python 3.11 or newer, or name yours: ' "$(PYTHON)" >&2; \
		printf 'make setup PYTHON=python3.12\n' >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		printf 'error: Python 3.11 or newer is needed, %s is %s. ' \
			"$(PYTHON)" "$$("$(PYTHON)" --version 2>&1)" >&2; \
		printf 'Name a newer one: make setup PYTHON=python3.12\n' >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		printf 'error: %s can not make virtual environments. ' "$(PYTHON)" >&2; \
		printf 'On Debian and Ubuntu: apt install python3-venv\n' >&2; exit 1; }
	@$(BIN)/python -c 'import pip' 2>/dev/null || { \
		printf 'Making %s ...\n' "$(VENV)"; "$(PYTHON)" -m venv --clear $(VENV); }
	@printf 'Installing %s ...\n' "$(LOCKED)"
	@# uv is ten times as fast; it comes with the same pin and hashes, and pip stands in for it.
	@awk '/^uv==/ { found = 1 } found { print } found && !/\\$$/ { exit }' $(LOCKED) > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --retries 2 \
		--require-hashes -r $(VENV)/uv.txt 2>$(VENV)/install.log \
		&& $(BIN)/uv pip install --quiet --python $(BIN)/python \
			--require-hashes -r $(LOCKED) 2>>$(VENV)/install.log \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --retries 2 \
			--require-hashes -r $(LOCKED) 2>>$(VENV)/install.log \
		|| { grep "^ERROR" $(VENV)/install.log | tail -n 2 >&2; \
			printf 'error: the packages were not installed (all of it: %s). ' \
				"$(VENV)/install.log" >&2; \
			printf 'The first time needs a network that reaches PyPI, or PIP_INDEX_URL set to ' >&2; \
			printf 'a mirror, and 1 GB of disk.\n' >&2; exit 1; }
	@rm -f $(VENV)/.installed-*
	@touch $@
