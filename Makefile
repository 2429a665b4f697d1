# `make demo` and `make test` need Python 3.11 to 3.13, git and make, the tests npm too; everything else is set up in .venv.
PYTHON ?= python3
BUG ?= return-without-policy
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := -e app-service -e healer-service -e llm-service
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE :=  # where it is set, each of the many processes compiles everything anew

.PHONY: demo up down llm test test-compose check bench bench-releases bench-ingest bench-llm bench-page eval lock clean setup pictures

demo: $(VENV)/.healer ## crash the shop, heal it, merge, redeploy
	@$(BIN)/healer demo --bug "$(BUG)" $(if $(YES),--yes)

up: $(VENV)/.healer ## shop, healer and page, left running; prints the links
	@$(BIN)/healer up

down: ## stop what `make up` left running
	@$(BIN)/healer down

llm: $(VENV)/.llm ## what runs the local model on this machine

test: $(VENV)/.tests ## everything but containers
	$(BIN)/pytest -m "not compose" -n 2 --dist loadgroup

test-compose: $(VENV)/.tests ## the loop under docker-compose; needs a Docker engine
	$(BIN)/pytest -m compose tests/compose

check: $(VENV)/.tests ## style, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.tests ## speed, as a table with the machine's description
	$(BIN)/python -m tests.benchmarks

bench-releases: $(VENV)/.tests ## releases under load beside other servers' reload, and bad releases through the whole healer; half an hour
	$(BIN)/python -m tests.benchmarks.releases
	$(BIN)/python -m tests.benchmarks.bad_releases

bench-ingest: $(VENV)/.tests ## reports a second beside Bugsink, which is installed on the fly; ten minutes
	$(BIN)/python -m tests.benchmarks.ingest

bench-llm: $(VENV)/.tests $(VENV)/.llm ## speed and memory of the local model, with weights of its shape made on the spot
	$(BIN)/python -m tests.benchmarks.llm

bench-page: $(VENV)/.tests ## events on their way to a real browser, and the page with 10,000 incidents; five minutes
	-$(BIN)/python -m tests.benchmarks.page_live
	-$(BIN)/python -m tests.benchmarks.page_overview
	-$(BIN)/python -m tests.benchmarks.page
	-$(BIN)/python -m tests.benchmarks.events

eval: $(VENV)/.tests ## are the repairs right? Both halves of the cases, without a model
	$(BIN)/healer eval tests/cases/worked --reference --summary
	-$(BIN)/healer eval tests/cases/worked --engine playbook
	-$(BIN)/healer eval tests/cases/scored --engine playbook --summary

setup: $(VENV)/.tests

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 to 3.13 is needed; this is " + sys.version.split()[0]) if not (3, 11) <= sys.version_info[:2] <= (3, 13) else None'
	$(PYTHON) -m venv $(VENV)

# What the demo needs: healer, client and shop. The test set brings the tools on top.
$(VENV)/.healer: $(BIN)/python app-service/build.lock healer-service/requirements.lock app-service/shop/requirements.lock app-service/pyproject.toml healer-service/pyproject.toml llm-service/pyproject.toml
	@echo "setting up $(VENV), about a minute the first time"
	$(BIN)/pip install --quiet --require-hashes -r app-service/build.lock
	$(BIN)/pip install --quiet --require-hashes -r healer-service/requirements.lock
	$(BIN)/pip install --quiet --require-hashes -r app-service/shop/requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation $(PACKAGES)
	@touch $@

# The second argument leaves out what belongs to llama.cpp's own programs.
$(VENV)/.llm: $(VENV)/.healer llm-service/requirements.lock
	@echo "compiling llama.cpp, some minutes the first time"
	CMAKE_ARGS="-DLLAVA_BUILD=OFF -DCMAKE_PROJECT_INCLUDE=$(CURDIR)/llm-service/llama.cmake" \
	  $(BIN)/pip install --quiet --require-hashes --no-binary llama-cpp-python -r llm-service/requirements.lock
	@touch $@

# GitHub's own descriptions of its API, which the fake GitHub of the tests is held to. Of those it reads one: the others are 350 MB.
OCTOKIT := $(VENV)/octokit
$(OCTOKIT)/.complete: tests/github/package.json tests/github/package-lock.json | $(BIN)/python
	@command -v npm >/dev/null || { echo "npm is needed for the tests: it brings GitHub's descriptions of its API" >&2; exit 1; }
	@mkdir -p $(OCTOKIT)
	cp tests/github/package.json tests/github/package-lock.json $(OCTOKIT)
	cd $(OCTOKIT) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	find $(OCTOKIT)/node_modules/@octokit/openapi/generated -name '*.json' ! -name api.github.com.json -delete
	@touch $@

# Stock Sentry SDKs, whose reports the healer has to take: four for Python, each beside one framework, and the one for Node.
SENTRY := oldest-fastapi oldest-flask newest-fastapi newest-flask
$(VENV)/sentry-%/.complete: tests/sentry/%.lock | $(BIN)/python
	$(BIN)/python -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --require-hashes -r $<
	@touch $@

$(VENV)/sentry-node/.complete: tests/sentry/package.json tests/sentry/package-lock.json
	@mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && npm ci --engine-strict --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# axe, which looks at the page for what keeps people with disabilities from using it.
$(VENV)/page/.complete: tests/page/package.json tests/page/package-lock.json | $(BIN)/python
	@mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(VENV)/.tests: $(VENV)/.healer $(OCTOKIT)/.complete $(VENV)/page/.complete $(SENTRY:%=$(VENV)/sentry-%/.complete) $(VENV)/sentry-node/.complete tests/requirements.lock llm-service/requirements.lock
	$(BIN)/pip install --quiet --require-hashes -r tests/requirements.lock
	@$(MAKE) --no-print-directory $(VENV)/.llm || echo "no llama.cpp here, is there a C++ compiler? tests with the real one are left out"
	@touch $@

pictures: $(VENV)/.tests ## the README's pictures of the page, from a shop that is really healed
	$(BIN)/python -m tests.pictures

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock: ## renew the lock files; needs uv and npm
	$(LOCK) --group pyproject.toml:dev healer-service/pyproject.toml app-service/shop/pyproject.toml -o tests/requirements.lock
	$(LOCK) -c tests/requirements.lock healer-service/pyproject.toml -o healer-service/requirements.lock
	$(LOCK) -c tests/requirements.lock app-service/shop/pyproject.toml --group app-service/shop/pyproject.toml:test -o app-service/shop/requirements.lock
	echo 'setuptools>=77' | $(LOCK) --no-annotate -c tests/requirements.lock - -o app-service/build.lock
	$(LOCK) -c tests/requirements.lock llm-service/pyproject.toml -o llm-service/requirements.lock
	for sdk in $(SENTRY); do $(LOCK) -c tests/requirements.lock --group tests/sentry/pyproject.toml:$$sdk -o tests/sentry/$$sdk.lock || exit; done
	for folder in tests/github tests/page tests/sentry; do (cd $$folder && npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund) || exit; done

clean:
	rm -rf $(VENV) .healer build
