# Every target is one line that calls the orchestrator (`.venv/bin/orchestrator --help`).
SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first Python that will do; `make PYTHON=...` overrides it.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
ORCHESTRATOR := .venv/bin/python -m orchestrator
# What every target needs first; `SETUP=` leaves it out (a copy of a checkout that is ready).
SETUP ?= setup
TERRAFORM := TF_CLI_CONFIG_FILE=.tools/terraform.rc .tools/bin/terraform

# Runs before set-up, so that a forgotten variable is told at once.
check_defined = test -n "$($1)" || { echo "error: $1 is not set: $2" >&2; echo "hint: for example \`make $(firstword $(MAKECMDGOALS)) $1=$3\`" >&2; exit 2; }

##@ Getting ready

.PHONY: help
help: ## Show this help
	@awk 'BEGIN { FS = ":.*## "; print "Usage: make <target> [ENV=local|dev|staging|prod]" } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install what is missing on this machine (quick when nothing is)
	@$(if $(PYTHON),$(PYTHON) scripts/setup.py,echo "error: no Python 3.11 to 3.13 is on PATH" >&2; echo "hint: install python3.13, or name one: make setup PYTHON=/path/to/python3.13" >&2; exit 4)

##@ Deploying (ENV=…)

.PHONY: env-given
env-given:
	@$(call check_defined,ENV,say which environment of terraform/envs is meant,local)

.PHONY: deploy
deploy: env-given $(SETUP) ## Deploy everything: phases, training pipeline, blueprints, smoke tests
	@$(ORCHESTRATOR) deploy $(ENV) $(ARGS)

.PHONY: plan
plan: env-given $(SETUP) ## Show what a deploy would change; works before anything exists
	@$(ORCHESTRATOR) plan $(ENV) $(ARGS)

.PHONY: policy
policy: env-given $(SETUP) ## Scan the Terraform source and the plans of ENV with checkov and our own rules
	@$(ORCHESTRATOR) policy $(ENV) $(ARGS)

.PHONY: status
status: env-given $(SETUP) ## Show what is deployed
	@$(ORCHESTRATOR) status $(ENV) $(ARGS)

.PHONY: smoke
smoke: env-given $(SETUP) ## Ask every deployed model something and check the answer
	@$(ORCHESTRATOR) smoke $(ENV) $(ARGS)

.PHONY: destroy
destroy: env-given $(SETUP) ## Remove everything that was deployed (target: local: without asking)
	@$(ORCHESTRATOR) destroy $(ENV) --yes-if-local $(ARGS)

##@ Local AWS (ENV=…, where there are several)

.PHONY: emulator-up
emulator-up: $(SETUP) ## Start the local AWS of ENV (deploy does it by itself)
	@$(ORCHESTRATOR) emulator up $(ENV)

.PHONY: emulator-down
emulator-down: $(SETUP) ## Stop the local AWS of ENV; what was deployed to it is gone with it
	@$(ORCHESTRATOR) emulator down $(ENV)

##@ Checking

# Tests are rewritten and compiled once, not in each worker and run, even where the shell forbids to keep the result.
PYTEST := PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --durations 10
.PHONY: test
test: $(SETUP) ## Run the tests that need no AWS account, but for the long ones
	@$(PYTEST) -m "not live and not browser and not full" $(ARGS)

.PHONY: test-full
test-full: $(SETUP) ## Run every test that needs no AWS account, the long ones too
	@$(PYTEST) -m "not live and not browser" $(ARGS)

.PHONY: test-browser
test-browser: $(SETUP) ## Let a page in a headless Chromium attack the local AWS (needs chromium)
	@.venv/bin/python -m pytest -m browser tests/browser $(ARGS)

.PHONY: mutations
mutations: $(SETUP) ## Weaken the Terraform setting by setting and see which check notices (some minutes)
	@.venv/bin/python -m scripts.mutations --write $(ARGS)
	@.venv/bin/python -m scripts.mutations --spelled --sample 16 --write $(ARGS)

.PHONY: fuzz
fuzz: $(SETUP) ## Spoil environment files by the thousand: each is refused in words, or AWS's models take it (minutes)
	@.venv/bin/python -m tests.fuzz.environment_files $(ARGS)
	@$(if $(ARGS),,.venv/bin/python -m tests.fuzz.aws_models)

.PHONY: test-properties
test-properties: $(SETUP) ## Try the properties of inputs and answers with 10 000 examples each (hours)
	@CAMPAIGN=$${CAMPAIGN:-10000} .venv/bin/python -m pytest -n auto --timeout 0 \
		$$(grep -rl "from tests.campaign import" tests --include "test_*.py") $(ARGS)

.PHONY: test-kills
test-kills: $(SETUP) ## Kill deployments at 50 seeded moments and see that nothing is lost (an hour; ARGS=--write)
	@.venv/bin/python -m tests.campaigns.kill $(ARGS)

.PHONY: test-faults
test-faults: $(SETUP) ## Deploy while 1 % and 5 % of all calls fail (minutes; ARGS=--write)
	@.venv/bin/python -m tests.campaigns.faults $(ARGS)

.PHONY: lint
lint: $(SETUP) ## Check style, types and formatting, and scan the source
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	$(TERRAFORM) fmt -check -recursive -diff terraform policies/fixtures
	$(ORCHESTRATOR) policy local --source-only

.PHONY: fmt
fmt: $(SETUP) ## Format Python and Terraform
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	$(TERRAFORM) fmt -recursive terraform policies/fixtures

.PHONY: coverage-check
coverage-check: $(SETUP) ## Take away what docs/coverage.yaml speaks of, and see a test fail (minutes; ARGS=F1.nat)
	@.venv/bin/python -m scripts.coverage_check $(ARGS)

.PHONY: docs
docs: $(SETUP) ## Renew the documents that are generated
	@.venv/bin/python -m scripts.policy_docs
	@.venv/bin/python -m scripts.permission_docs
	@.venv/bin/python -m scripts.aws_rules
	@.venv/bin/python -m scripts.reference_docs
	@.venv/bin/python -m scripts.coverage_docs
	@.venv/bin/python -m scripts.module_docs

.PHONY: clean
clean: ## Remove what runs made; set-up's folders and the emulator's data stay
	rm -rf build .runs .pytest_cache .mypy_cache .ruff_cache
