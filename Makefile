# The two commands that matter are `make run` and `make test`; `make help` lists the rest.
# Everything is done by scripts/, which needs nothing but Python 3.11 or newer.
.PHONY: help run test install lint format test-sqlite test-postgres test-nettleser bench skjermbilder \
	translations lock clean
.DEFAULT_GOAL := help

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
	while IFS="$$(printf '\t')" read -r name what; do printf '  make %-15s %s\n' "$$name" "$$what"; done

run: ## Install what is missing, prepare the database and serve the portal on http://127.0.0.1:5000
	@exec sh scripts/start.sh run

test: ## Install what is missing and run every check and test
	@exec sh scripts/start.sh test

install: ## Install what the portal and its tests need, and build the front end
	@exec sh scripts/start.sh install

lint: ## Lint, types and import contracts
	@exec sh scripts/start.sh lint

format: ## Format the Python code and mend what the linter can mend
	@exec sh scripts/start.sh format

test-sqlite: ## The tests on SQLite, without the browser
	@exec sh scripts/start.sh test-sqlite

test-postgres: ## The tests on PostgreSQL, without the browser
	@exec sh scripts/start.sh test-postgres

test-nettleser: ## The tests in the browser
	@exec sh scripts/start.sh test-nettleser

bench: ## Measure the speed of delivery and write docs/benchmarks.md
	@exec sh scripts/start.sh bench

skjermbilder: ## Take pictures of the pages
	@exec sh scripts/start.sh skjermbilder

translations: ## Gather the texts into portal/translations/ and compile the translations
	@exec sh scripts/start.sh translations

lock: ## Write the locked requirements from the .in files (UPGRADE=1 takes the newest versions)
	@UPGRADE="$(UPGRADE)" exec sh scripts/start.sh lock

clean: ## Remove everything that was installed or built; the database in instance/ stays
	rm -rf .venv node_modules static/dist .oppsett .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find portal/translations -name '*.mo' -exec rm -f {} + 2>/dev/null || true
