PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
VENV ?= .venv-$(VERSION)
RUN := $(VENV)/bin/python

# The tested versions, for the Pythons that CI tests. Other Pythons take what setup.py allows.
TESTED := tests/constraints-py$(VERSION).txt
CONSTRAINTS := $(wildcard $(TESTED))

# PRESET is a flagfile in flags/. It says how the paper is reproduced. FLAGS adds flags.
PRESET ?= paper
FLAGS ?=
MINUTES ?= 20

.PHONY: help install lock quickstart test test-fast coverage lint format docs clean report benchmark chaos torture
.PHONY: reproduce-table1 reproduce-table2 reproduce-table3
.PHONY: reproduce-figure2 reproduce-figure3 reproduce-figure4

help: ## List the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20
	@echo "PYTHON=python3.12 chooses the interpreter (3.9 to 3.13). PRESET=cpu chooses how the paper is"
	@echo "reproduced (paper, cpu, smoke: see flags/). FLAGS='--losses=triplet' adds flags."

install: $(VENV)/installed ## Set up a virtual environment with all packages

define new_venv
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): give PYTHON=PATH, Python 3.9 to 3.13." >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "keras-selflearn needs Python 3.9 to 3.13 for TensorFlow; $(PYTHON) is another." >&2; exit 2; }
	@$(PYTHON) -m venv $(1)
	@$(1)/bin/pip install -qq --upgrade pip # the pip of Python 3.9 and 3.10 searches for minutes
endef

$(VENV)/installed: setup.py $(CONSTRAINTS)
	$(call new_venv,$(VENV))
	@echo "Installing $(if $(CONSTRAINTS),the versions in $(CONSTRAINTS) ,)into $(VENV), a minute or two"
	@$(VENV)/bin/pip install -qq --editable '.[dev]' $(addprefix --constraint=,$(CONSTRAINTS))
	@echo "$(CONSTRAINTS)" > $@

lock: ## Renew the tested versions for PYTHON (tests/constraints-py*.txt)
	@rm -rf $(VENV)-lock
	$(call new_venv,$(VENV)-lock)
	@echo "Installing the newest versions into $(VENV)-lock, a minute or two"
	@$(VENV)-lock/bin/pip install -qq --editable '.[dev]'
	@{ echo "# What pip install '.[dev]' brought when it was tested; made by make lock PYTHON=python$(VERSION)"; \
		$(PYTHON) -c 'import platform as p; print("# with Python", p.python_version(), "on", p.system(), p.machine())'; \
		$(VENV)-lock/bin/pip freeze --exclude-editable; } > $(TESTED)
	@rm -rf $(VENV)-lock
	@echo "Wrote $(TESTED); make test PYTHON=$(PYTHON) installs and tests it"

quickstart: install ## Label handwritten digits in seconds, then show the paper's finding in minutes
	@$(RUN) -m keras_selflearn.quickstart $(FLAGS)

reproduce-table1: install ## Run and draw table 1 (SVHN); PRESET=cpu is for two CPU cores
	@$(RUN) -m keras_selflearn.reproduce --table=1 --preset=$(PRESET) $(FLAGS)

reproduce-table2: install ## Run and draw table 2 (CIFAR-10)
	@$(RUN) -m keras_selflearn.reproduce --table=2 --preset=$(PRESET) $(FLAGS)

reproduce-table3: install ## Run and draw table 3 (Plant Village)
	@$(RUN) -m keras_selflearn.reproduce --table=3 --preset=$(PRESET) $(FLAGS)

reproduce-figure2: install ## Draw figure 2: one image of each class
	@$(RUN) -m keras_selflearn.reproduce --figure=2 --preset=$(PRESET) $(FLAGS)

reproduce-figure3: install ## Run and draw figure 3: accuracy over meta-iterations
	@$(RUN) -m keras_selflearn.reproduce --figure=3 --preset=$(PRESET) $(FLAGS)

reproduce-figure4: install ## Run and draw figure 4: embeddings before and after self-learning
	@$(RUN) -m keras_selflearn.reproduce --figure=4 --preset=$(PRESET) $(FLAGS)

report: install ## Write one page with all tables, figures and claims
	@$(RUN) -m keras_selflearn.report --preset=$(PRESET) $(FLAGS)

# Each file goes to one process, the longest first (see tests/conftest.py).
TESTS := -m pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder

test: lint ## Check style and types, and run all tests
	@$(RUN) $(TESTS)

test-fast: install ## Run the tests that take less than a second each
	@$(RUN) $(TESTS) -m "not slow"

lint: install ## Check style and types only
	@$(RUN) -m ruff check . && $(RUN) -m ruff format --check .
	@$(RUN) -m mypy

coverage: install ## Show which lines and branches no test reaches
	@rm -f .coverage .coverage.*
	@$(RUN) -m coverage run $(TESTS)
	@$(RUN) -m coverage combine -q && $(RUN) -m coverage report

format: install ## Format the code with ruff
	@$(RUN) -m ruff check --fix . && $(RUN) -m ruff format .

docs: install ## Build the documentation into build/docs
	@$(RUN) -m sphinx -q -W --keep-going -n -d build/doctrees docs build/docs
	@echo "The documentation begins at build/docs/index.html"

benchmark: install ## Measure speed and memory on this machine
	@$(RUN) -m benchmarks $(FLAGS)

chaos: install ## Kill and resume a run for MINUTES=20, and compare it with an undisturbed run
	@$(RUN) tests/chaos.py --minutes=$(MINUTES)

torture: install ## Attack with random images, files, disks, pairs and signals for MINUTES=20
	@$(RUN) tests/torture.py --minutes=$(MINUTES)

clean: ## Remove the virtual environments; results stay
	rm -rf .venv-* *.egg-info
