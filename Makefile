# Targets are thin wrappers: `.venv/bin/orchestrator --help` shows the commands behind them.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first supported Python on PATH; `make PYTHON=...` overrides it.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
ORCHESTRATOR := .venv/bin/python -m orchestrator
# Prerequisite of every target; `SETUP=` skips it (for a checkout that is already set up).
SETUP ?= setup
TERRAFORM := TF_CLI_CONFIG_FILE=.tools/terraform.rc .tools/bin/terraform

# Runs before set-up, so that a missing variable is reported at once.
check_defined = test -n "$($1)" || { echo "error: $1 is not set: $2" >&2; echo "hint: for example \`make $(firstword $(MAKECMDGOALS)) $1=$3\`" >&2; exit 2; }

##@ Set-up

.PHONY: help
help: ## Show this help
	@awk 'BEGIN { FS = ":.*## "; print "Usage: make <target> [ENV=local|dev|staging|prod]" } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install missing dependencies (fast when everything is installed)
	@$(if $(PYTHON),$(PYTHON) tooling/install/setup.py,echo "error: no Python 3.11 to 3.13 is on PATH" >&2; echo "hint: install python3.13, or name one: make setup PYTHON=/path/to/python3.13" >&2; exit 4)

##@ Deployment (ENV=…)

.PHONY: env-given
env-given:
	@$(call check_defined,ENV,name an environment of terraform/envs,local)

.PHONY: deploy
deploy: env-given $(SETUP) ## Deploy an environment: phases, training pipeline, blueprints, smoke tests
	@$(ORCHESTRATOR) deploy $(ENV) $(ARGS)

.PHONY: plan
plan: env-given $(SETUP) ## Show what a deployment would change; works before anything is deployed
	@$(ORCHESTRATOR) plan $(ENV) $(ARGS)

.PHONY: policy
policy: env-given $(SETUP) ## Scan the Terraform source and plans of ENV with checkov and the platform's rules
	@$(ORCHESTRATOR) policy $(ENV) $(ARGS)

.PHONY: status
status: env-given $(SETUP) ## Show what is deployed
	@$(ORCHESTRATOR) status $(ENV) $(ARGS)

.PHONY: smoke
smoke: env-given $(SETUP) ## Send a request to every deployed model and check the response
	@$(ORCHESTRATOR) smoke $(ENV) $(ARGS)

.PHONY: destroy
destroy: env-given $(SETUP) ## Destroy an environment (without confirmation if it is local)
	@$(ORCHESTRATOR) destroy $(ENV) --yes-if-local $(ARGS)

##@ Local AWS (ENV=… if there are several)

.PHONY: emulator-up
emulator-up: $(SETUP) ## Start the local AWS of ENV (`make deploy` starts it automatically)
	@$(ORCHESTRATOR) emulator up $(ENV)

.PHONY: emulator-down
emulator-down: $(SETUP) ## Stop the local AWS of ENV; everything deployed to it is lost
	@$(ORCHESTRATOR) emulator down $(ENV)

##@ Tests and checks

# Keep pytest's compiled tests for later runs and other workers, even if the shell disables bytecode files.
PYTEST := PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --durations 10
.PHONY: test
test: $(SETUP) ## Run the tests that need no AWS account, except the long ones
	@$(PYTEST) -m "not live and not browser and not full" $(ARGS)

.PHONY: test-full
test-full: $(SETUP) ## Run all tests that need no AWS account, including the long ones
	@$(PYTEST) -m "not live and not browser" $(ARGS)

.PHONY: test-browser
test-browser: $(SETUP) ## Attack the local AWS from a page in headless Chromium (needs chromium)
	@.venv/bin/python -m pytest -m browser tests/browser $(ARGS)

.PHONY: mutations
mutations: $(SETUP) ## Weaken each Terraform setting and record which check fails (minutes)
	@.venv/bin/python -m tooling.quality.mutations --write $(ARGS)
	@.venv/bin/python -m tooling.quality.mutations --spelled --sample 16 --write $(ARGS)

.PHONY: fuzz
fuzz: $(SETUP) ## Fuzz environment files: each is rejected with a message or valid for AWS's API models (minutes)
	@.venv/bin/python -m tests.fuzz.environment_files $(ARGS)
	@$(if $(ARGS),,.venv/bin/python -m tests.fuzz.aws_models)

.PHONY: test-properties
test-properties: $(SETUP) ## Run the property tests with 10 000 examples each (hours; CAMPAIGN=… sets the number)
	@CAMPAIGN=$${CAMPAIGN:-10000} .venv/bin/python -m pytest -n auto --timeout 0 \
		$$(grep -rl "from tests.support.campaign import" tests --include "test_*.py") $(ARGS)

.PHONY: test-kills
test-kills: $(SETUP) ## Kill deployments at 50 seeded moments and check that nothing is lost (an hour; ARGS=--write)
	@.venv/bin/python -m tests.campaigns.kill $(ARGS)

.PHONY: test-faults
test-faults: $(SETUP) ## Deploy while 1 % and 5 % of all AWS calls fail (minutes; ARGS=--write)
	@.venv/bin/python -m tests.campaigns.faults $(ARGS)

.PHONY: lint
lint: $(SETUP) ## Check style, types, imports, wording and dead code, and scan the Terraform source
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m tooling.quality.words --check
	.venv/bin/python -m tooling.quality.dead_code
	$(TERRAFORM) fmt -check -recursive -diff terraform policies/fixtures
	$(ORCHESTRATOR) policy local --source-only

.PHONY: fmt
fmt: $(SETUP) ## Format Python and Terraform
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	$(TERRAFORM) fmt -recursive terraform policies/fixtures

.PHONY: coverage-check
coverage-check: $(SETUP) ## Remove what each row of docs/coverage.yaml describes and check that a test fails (minutes; ARGS=F1.nat)
	@.venv/bin/python -m tooling.docs.coverage_check $(ARGS)

.PHONY: coverage
coverage: $(SETUP) ## Build build/coverage.md and build/coverage.json from the latest test results
	@.venv/bin/python -m tooling.docs.coverage

.PHONY: docs
docs: $(SETUP) ## Regenerate the generated documents
	@.venv/bin/python -m tooling.docs.policies
	@.venv/bin/python -m tooling.docs.permissions
	@.venv/bin/python -m tooling.aws.rules
	@.venv/bin/python -m tooling.docs.reference
	@.venv/bin/python -m tooling.docs.modules
	@.venv/bin/python -m tooling.docs.local_aws --write

.PHONY: clean
clean: ## Remove build and run output; keep installed tools and the local AWS's data
	rm -rf build .runs .pytest_cache .mypy_cache .ruff_cache
