PYTHON ?= python3
ifndef VENV
VENV := .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
endif
RUN := $(VENV)/bin/python

.PHONY: help install quickstart test lint format clean

help: ## List the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16
	@echo "PYTHON=python3.12 chooses the interpreter (3.9 to 3.13)."

install: $(VENV)/installed ## Set up a virtual environment with all that is needed

$(VENV)/installed: setup.py
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): give PYTHON=PATH, Python 3.9 to 3.13." >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "keras-selflearn needs Python 3.9 to 3.13 for TensorFlow; $(PYTHON) is another." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV), a minute or two"
	@$(VENV)/bin/pip install -qq --upgrade pip # that of Python 3.9 and 3.10 searches for minutes
	@$(VENV)/bin/pip install -qq --editable '.[dev]'
	@touch $@

quickstart: install ## Show the paper's finding on handwritten digits, in minutes
	@$(RUN) -m keras_selflearn.quickstart

test: install ## Check the style and run the tests
	@$(RUN) -m ruff check . && $(RUN) -m ruff format --check .
	@$(RUN) -m pytest

lint: install ## Check the style only
	@$(RUN) -m ruff check . && $(RUN) -m ruff format --check .

format: install ## Format the code
	@$(RUN) -m ruff check --fix . && $(RUN) -m ruff format .

clean: ## Remove the virtual environments; results stay
	rm -rf .venv-* *.egg-info
