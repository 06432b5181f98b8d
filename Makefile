# SPDX-License-Identifier: GPL-2.0-or-later
# make demo   set everything up and run the main job on the sandbox
# make test   set everything up and run the whole suite
# make score  hold patchpilot against recorded truth in $PATCHPILOT_DATA (default ../shared)
# make faults break the mail server, the disk and the sender in every way we know, and count how often each mail arrives
#             (make faults-quick: one case a kind and ten kills; make faults: the whole table and 200 kills, half an hour)
# make mutants  change the code in 400 places, one at a time, and list the changes that no test notices (an hour or more; goes on where it was)
# make fuzz   run the property tests on examples nobody has seen yet, then a million made-up inputs on every parser (INPUTS=N)
# make docs   build the documentation site into site/, strict: every link is checked
# make man    write the man pages from the command line's own option tables
# make install  install patchpilot, its man pages and completions below PREFIX (/usr/local) with PYTHON's pip
# make bench  time patchpilot beside what a user would run instead, and the walk's start and keys (also on the repositories in $PATCHPILOT_LARGE)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PATCHPILOT_DATA ?= ../shared
export PATCHPILOT_DATA

.PHONY: all demo test lint suite score score-quick faults faults-quick mutants fuzz bench docs man install clean setup

all: test

setup: $(STAMP)

# the script names what is missing and stops with 3 where it may not install it
$(STAMP): pyproject.toml .ci/setup
	@.ci/setup $(PYTHON) $(VENV)

demo: setup
	@if [ -t 0 ] && [ -t 1 ]; then exec $(BIN)/patchpilot demo; else exec $(BIN)/patchpilot demo --script; fi

test: setup lint suite

lint: setup
	@$(BIN)/ruff format --check -q . || { echo "make: run '$(BIN)/ruff format .'" >&2; exit 1; }
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports --no-logo
	@$(BIN)/vulture
	@$(BIN)/python .ci/spelling.py

suite: setup
	@$(BIN)/coverage erase
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal --cov --cov-report= tests
	@$(BIN)/python .ci/coverage_floor.py

score: setup
	@$(BIN)/python .ci/score.py

score-quick: setup
	@$(BIN)/python .ci/score.py --quick

faults: setup
	@$(BIN)/python -m tests.kit.delivery_table
	@$(BIN)/python -m tests.kit.fault_table
	@$(BIN)/python -m tests.kit.random_kills 120
	@$(BIN)/python -m tests.kit.random_kills 80 b4
	@$(BIN)/python -m tests.kit.rewrite_kills 210

faults-quick: setup
	@$(BIN)/python -m tests.kit.fault_table dropped "disk full" "end: cut to '25'" "closes after each mail" "450 greylisted" "AUTH 454"
	@$(BIN)/python -m tests.kit.random_kills 10
	@$(BIN)/python -m tests.kit.random_kills 5 b4
	@$(BIN)/python -m tests.kit.rewrite_kills 14

mutants: setup
	@nice $(BIN)/python -m tests.kit.mutants --report docs/reference/mutants.md

fuzz: setup
	@PATCHPILOT_PROPERTIES=fuzz PATCHPILOT_EXAMPLES=100 $(BIN)/python -m pytest -q -n 2 -m hypothesis tests
	@$(BIN)/python -m tests.kit.fuzz --inputs $(or $(INPUTS),1000000)

docs: setup
	@$(BIN)/python -m pip --disable-pip-version-check -q install --group docs
	@$(BIN)/python .ci/picture.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q
	@echo "site/index.html"

man: setup
	@rm -f man/*.1
	@$(BIN)/python -m patchpilot.cli.manual man

PREFIX ?= /usr/local
install:
	$(PYTHON) -m pip install --prefix "$(DESTDIR)$(PREFIX)" .
	@set -e; for shell in bash zsh fish; do \
		case $$shell in bash) file=bash-completion/completions/patchpilot;; zsh) file=zsh/site-functions/_patchpilot;; \
			fish) file=fish/vendor_completions.d/patchpilot.fish;; esac; \
		install -d "$(DESTDIR)$(PREFIX)/share/$$(dirname $$file)"; \
		"$(DESTDIR)$(PREFIX)/bin/patchpilot" completion $$shell > "$(DESTDIR)$(PREFIX)/share/$$file"; \
	done

bench: setup
	@$(BIN)/python tests/bench/startup.py
	@$(BIN)/python tests/bench/run.py
	@$(BIN)/python tests/bench/walk.py $(PATCHPILOT_LARGE)
	@$(BIN)/python tests/bench/walk_large.py
	@$(BIN)/python tests/bench/hostile.py

clean:
	rm -rf $(VENV) dist build site .mutants .coverage* .mypy_cache .ruff_cache .hypothesis .import_linter_cache
