# One word for each thing a person does here. Everything lives in .venv and var/.
PYTHON ?= $(or $(firstword $(foreach name,python3.11 python3,$(shell command -v $(name) 2>/dev/null))),python3)
BIN := .venv/bin
ARGS ?=
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --no-header
PIP_QUIETLY := --quiet --disable-pip-version-check --no-input --root-user-action=ignore

.PHONY: run demo test unit prove check bench schemas lock install
.DEFAULT_GOAL := demo

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=...")'
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv .venv
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; \
	else $(BIN)/python -m pip install $(PIP_QUIETLY) --require-hashes -r requirements.lock; fi
	@$(BIN)/python -m pip install $(PIP_QUIETLY) --no-deps --no-build-isolation -e .
	@touch $@

demo: install  ## build the story of the reform and print its table
	@$(BIN)/workforce demo $(ARGS)

run: install  ## serve all three services on 127.0.0.1:8000 with the demo's data
	@$(BIN)/workforce run $(ARGS)

test: install  ## everything but the long tests, in two processes; ARGS="-n 0" in one
	@$(BIN)/python -m pytest -m "not prove" -n 2 $(ARGS)

unit: install  ## the unit tests alone, in seconds
	@$(BIN)/python -m pytest -p no:schemathesis --ignore tests/test_openapi_fuzz.py --ignore tests/story \
	  --ignore tests/properties --ignore tests/deploy -m "not campaign and not postgres and not kafka and not story and not prove" $(ARGS)

prove: install  ## the long tests
	@$(BIN)/python -m pytest -m prove $(ARGS)

check: install  ## style, types, import contracts
	@$(BIN)/ruff check services tests $(wildcard bench/*.py)
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest tests/test_tidy.py

bench: install  ## ours beside a peer, in one run
	@$(BIN)/python -m bench $(ARGS)

schemas: install  ## regenerate schemas/ from the code
	@$(BIN)/python -m workforce.schemas

lock:  ## resolve the dependencies again, with hashes and no addresses; the image's are some of them
	@$(COMPILE) --extra dev --extra telemetry pyproject.toml -o requirements.lock
	@$(COMPILE) --extra build --extra telemetry --constraint requirements.lock pyproject.toml -o requirements-image.lock
