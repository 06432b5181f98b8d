# SPDX-License-Identifier: GPL-2.0-or-later
# make demo   set everything up and run the main job on the sandbox
# make test   set everything up, check the code, and run every test that takes moments
# make test-long  run the tests that take minutes (growth of time, shells, kills, failing servers, the monkey)
# make coverage  run every test, and hold their coverage against the floor
# make endurance  use the TUI for a simulated day, and see whether anything grows
# make score  hold patchpilot against recorded truth in $PATCHPILOT_DATA (default ../shared)
# make faults break the mail server, the disk and the sender in every way we know, and count how often each mail arrives
#             (make faults-quick: one case a kind and ten kills; make faults: the whole table and 200 kills, half an hour)
# make mutants  change the code in 400 places, one at a time, and list the changes that no test notices (an hour or more; goes on where it was)
# make fuzz   run the property tests on examples nobody has seen yet, a million made-up inputs on every parser (INPUTS=N), and ten minutes of whole
#             verbs on made-up repositories, threads and archives (MINUTES=N, SEED=N, VERBS=check,track,…)
# make monkey  press random keys in the TUI for MINUTES (20), from the seed SEED (1), and report every crash and hang
# make docs   build the documentation site into site/, strict: every link is checked
# make session  drive the demo on a terminal and record it: docs/assets/session.cast (asciicast) and session.svg (README), two minutes
# make man    write the man pages from the command line's own option tables
# make install  install patchpilot below PREFIX (/usr/local): an environment made by PYTHON in lib/patchpilot, the command, its man pages and
#             completions; DESTDIR is put before all of it (for packages). make uninstall removes them
# make data-age  list the facts that become old, with their age and how to renew each
# make release  build sdists and wheels of HEAD twice into dist/, compare and check them, and install them in empty environments; nothing is uploaded
# make matrix  fast tests with each python in PYTHONS (3.11 3.12 3.13), with the lowest and the newest libraries allowed; needs uv
# make test-latest  the same with the latest libraries there are, also beyond the bounds of pyproject.toml
# make size  print the size of each package, and the sums with their record in .ci/size.json; RECORD=1 lowers the record
# make bench  time patchpilot and what a user would run instead, the TUI's start and keys (also on the repositories in $PATCHPILOT_LARGE), what a key costs over ssh,
#             a stream of mails (of the epoch $PATCHPILOT_EPOCH, a number of mails may follow)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# what running patchpilot needs, and what developing it needs
RUNS := $(VENV)/.installed-run
STAMP := $(VENV)/.installed
PATCHPILOT_DATA ?= ../shared
export PATCHPILOT_DATA
# compiled modules are kept, also where the environment forbids it: the tests start python a thousand times
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache

.PHONY: all demo test test-long coverage lint lint-style lint-types suite score score-quick faults faults-quick mutants fuzz monkey endurance matrix test-latest bench docs session man data-age release install uninstall clean setup size

all: test

setup: $(STAMP)

# the script names what is missing and stops with 3 where it may not install it
$(RUNS): pyproject.toml .ci/setup
	@.ci/setup $(PYTHON) $(VENV) run

$(STAMP): pyproject.toml .ci/setup
	@.ci/setup $(PYTHON) $(VENV) dev

demo: $(RUNS)
	@if [ -t 0 ] && [ -t 1 ]; then exec $(BIN)/patchpilot demo; else exec $(BIN)/patchpilot demo --script; fi

test: setup lint suite

# the slow checkers read the same code and wait for each other's core: two at a time
lint: setup
	@$(MAKE) --no-print-directory -j2 lint-style lint-types

lint-types: setup
	@$(BIN)/mypy --no-error-summary

lint-style: setup
	@$(BIN)/ruff format --check -q . || { echo "make: run '$(BIN)/ruff format .'" >&2; exit 1; }
	@$(BIN)/ruff check -q .
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports --no-logo
	@$(BIN)/vulture
	@$(BIN)/python .ci/spelling.py
	@$(BIN)/python .ci/size.py --check

# four at a time on two cores: the tests wait for servers and processes half of their time
suite: setup
	@$(BIN)/python -m pytest -q -n 4 --dist worksteal -m "not long" tests

test-long: setup
	@$(BIN)/python -m pytest -q -n 3 --dist worksteal -m long tests

coverage: setup
	@$(BIN)/coverage erase
	@$(BIN)/python -m pytest -q -n 3 --dist worksteal --cov --cov-report= tests
	@$(BIN)/python .ci/coverage_floor.py

score: setup
	@$(BIN)/python .ci/score.py

score-quick: setup
	@$(BIN)/python .ci/score.py --quick

faults: setup
	@$(BIN)/python -m tests.lab.delivery_table
	@$(BIN)/python -m tests.lab.fault_table
	@$(BIN)/python -m tests.lab.random_kills 120
	@$(BIN)/python -m tests.lab.random_kills 80 b4
	@$(BIN)/python -m tests.lab.reply_kills 60
	@$(BIN)/python -m tests.lab.reply_kills 40 b4
	@$(BIN)/python -m tests.lab.rewrite_kills 210
	@$(BIN)/python -m tests.lab.store_kills 100

faults-quick: setup
	@$(BIN)/python -m tests.lab.fault_table dropped "disk full" "end: cut to '25'" "closes after each mail" "450 greylisted" "AUTH 454"
	@$(BIN)/python -m tests.lab.random_kills 10
	@$(BIN)/python -m tests.lab.random_kills 5 b4
	@$(BIN)/python -m tests.lab.reply_kills 5
	@$(BIN)/python -m tests.lab.rewrite_kills 14
	@$(BIN)/python -m tests.lab.store_kills 5

mutants: setup
	@nice $(BIN)/python -m tests.lab.mutants --report docs/reference/mutants.md

fuzz: setup
	@PATCHPILOT_PROPERTIES=fuzz PATCHPILOT_EXAMPLES=100 $(BIN)/python -m pytest -q -n 2 -m hypothesis tests
	@$(BIN)/python -m tests.lab.fuzz --inputs $(or $(INPUTS),1000000)
	@$(BIN)/python -m tests.lab.fuzz_verbs --minutes $(or $(MINUTES),10) --seed $(or $(SEED),1) $(if $(VERBS),--verbs $(VERBS))

monkey: setup
	@nice $(BIN)/python -m tests.lab.monkey --minutes $(or $(MINUTES),20) --seed $(or $(SEED),1)

endurance: setup
	@nice $(BIN)/python -m tests.lab.endurance --minutes $(or $(MINUTES),480)

docs: setup
	@$(BIN)/python -m pip --disable-pip-version-check -q install --group docs
	@$(BIN)/python .ci/picture.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q
	@echo "site/index.html"

session: setup
	@$(BIN)/python -m pip --disable-pip-version-check -q install --group docs
	@$(BIN)/python .ci/record.py

man: setup
	@rm -f man/*.1
	@$(BIN)/python -m patchpilot.cli.manual man

data-age:
	@$(PYTHON) .ci/data_age.py

release:
	@.ci/release $(PYTHON)

size:
	@$(PYTHON) .ci/size.py $(if $(RECORD),--record)

PYTHONS ?= 3.11 3.12 3.13

matrix:
	@set -e; for one in $(PYTHONS); do .ci/matrix $$one lowest; .ci/matrix $$one newest; done

test-latest:
	@.ci/matrix $(lastword $(PYTHONS)) latest

PREFIX ?= /usr/local
LIB = $(DESTDIR)$(PREFIX)/lib/patchpilot
SHARE = $(DESTDIR)$(PREFIX)/share
COMPLETIONS = bash:bash-completion/completions/patchpilot zsh:zsh/site-functions/_patchpilot fish:fish/vendor_completions.d/patchpilot.fish

# an environment of its own: a prefix is not on the path of every python, and the packages of other programs stay as they are
install:
	@$(PYTHON) -m venv "$(LIB)"
	@"$(LIB)/bin/python" -m pip --disable-pip-version-check -q install .
	@find "$(LIB)/bin" -type f -exec sed -i.orig "s|$(DESTDIR)$(PREFIX)/|$(PREFIX)/|g" {} +
	@rm -f "$(LIB)"/bin/*.orig
	@install -d "$(DESTDIR)$(PREFIX)/bin" "$(SHARE)/man/man1"
	@ln -sf ../lib/patchpilot/bin/patchpilot "$(DESTDIR)$(PREFIX)/bin/patchpilot"
	@ln -sf ../lib/patchpilot/bin/git-patchpilot "$(DESTDIR)$(PREFIX)/bin/git-patchpilot"
	@install -m 644 man/*.1 "$(SHARE)/man/man1"
	@set -e; for one in $(COMPLETIONS); do \
		file="$(SHARE)/$${one#*:}"; install -d "$${file%/*}"; \
		"$(LIB)/bin/python" -m patchpilot completion "$${one%%:*}" > "$$file"; \
	done
	@echo "$(PREFIX)/bin/patchpilot"

uninstall:
	@rm -rf "$(LIB)"
	@rm -f "$(DESTDIR)$(PREFIX)/bin/patchpilot" "$(DESTDIR)$(PREFIX)/bin/git-patchpilot" "$(SHARE)"/man/man1/git-patchpilot.1 "$(SHARE)"/man/man1/patchpilot.1 "$(SHARE)"/man/man1/patchpilot-*.1
	@set -e; for one in $(COMPLETIONS); do rm -f "$(SHARE)/$${one#*:}"; done

bench: setup
	@$(BIN)/python tests/bench/startup.py
	@$(BIN)/python tests/bench/run.py $(if $(RECORD),--record)
	@$(BIN)/python tests/bench/walk.py $(PATCHPILOT_LARGE)
	@$(BIN)/python tests/bench/walk_large.py
	@$(BIN)/python tests/bench/redraw.py
	@$(BIN)/python tests/bench/diff_view.py
	@$(BIN)/python tests/bench/hostile.py
	@$(BIN)/python tests/bench/stream.py $(PATCHPILOT_EPOCH)

clean:
	rm -rf $(VENV) dist build site .mutants .coverage* .mypy_cache .ruff_cache .hypothesis .import_linter_cache
