# SPDX-License-Identifier: GPL-2.0-or-later
# make demo       set everything up and go through the workflow in a sandbox
# make test       set everything up, check the code, and run the fast tests
# make test-long  run the tests that take minutes
# make score      compare patchpilot with known answers in $PATCHPILOT_DATA
# make bench      measure run times (RECORD=1 records their ratios, CACHE=no measures caches)
# make fuzz       run parsers and commands on random input (INPUTS=N, MINUTES=N, SEED=N)
# make review-eval  write review requests, or score the answers (ARGS="write …")
# make docs       build the documentation in site/ and check its links
# make release-check  build and check a release in dist/ (VERSION=X.Y.Z); nothing is uploaded
# make size       print the size of each package
# make install    install the command, man pages and completions below PREFIX (/usr/local)
# make uninstall  remove them

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# what running patchpilot needs, and what developing it needs
RUNS := $(VENV)/.installed-run
STAMP := $(VENV)/.installed
DOCS := $(VENV)/.installed-docs
PATCHPILOT_DATA ?= ../shared
export PATCHPILOT_DATA
# compiled modules are kept, also where the environment forbids it: the tests start python a thousand times
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache

.PHONY: help setup demo test lint test-long score review-eval bench fuzz docs size release-check install uninstall

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

setup: $(STAMP)

# the script names what is missing and stops with 3 where it may not install it
$(RUNS): pyproject.toml .ci/setup
	@.ci/setup $(PYTHON) $(VENV) run

$(STAMP): pyproject.toml .ci/setup
	@.ci/setup $(PYTHON) $(VENV) dev

$(DOCS): $(STAMP)
	@.ci/watch "installing mkdocs-material for the documentation into $(VENV)" $(BIN)/python -m pip --disable-pip-version-check install --group docs
	@touch $@

demo: $(RUNS)
	@if [ -t 0 ] && [ -t 1 ]; then exec $(BIN)/patchpilot demo; else exec $(BIN)/patchpilot demo --script; fi

# four at a time on two cores: the tests wait for servers and processes half of their time
test: setup
	@.ci/lint $(BIN) $(BIN)/python -m pytest -q -n 4 --dist worksteal -m "not long" tests

lint: setup
	@.ci/lint $(BIN)

test-long: setup
	@$(BIN)/python -m pytest -q -n 3 --dist worksteal -m long tests
	@$(BIN)/python -m tests.lab.fuzz --inputs 300000
	@$(BIN)/python -m tests.lab.fuzz_commands --minutes $(or $(MINUTES),3)

score: setup
	@$(BIN)/python -m tests.lab.score

review-eval: setup
	@$(BIN)/python -m tests.lab.review_eval $(ARGS)

fuzz: setup
	@PATCHPILOT_PROPERTIES=fuzz PATCHPILOT_EXAMPLES=100 $(BIN)/python -m pytest -q -n 2 -m hypothesis tests
	@$(BIN)/python -m tests.lab.fuzz --inputs $(or $(INPUTS),1000000)
	@$(BIN)/python -m tests.lab.fuzz_commands --minutes $(or $(MINUTES),10) --seed $(or $(SEED),1) $(if $(COMMANDS),--commands $(COMMANDS))

# the picture of the site is drawn again; `.ci/picture.py` without a file renews the one in docs/
docs: $(DOCS)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q
	@$(BIN)/python .ci/picture.py site/assets/checks.svg
	@if command -v node >/dev/null; then node tests/lab/search.cjs site tests/lab/searches.tsv; else echo "docs: node is missing: no search was tried"; fi
	@echo "site/index.html"

size:
	@$(PYTHON) tests/lab/size.py

release-check:
	@.ci/release $(PYTHON) $(VERSION)

PREFIX ?= /usr/local
LIB = $(DESTDIR)$(PREFIX)/lib/patchpilot
SHARE = $(DESTDIR)$(PREFIX)/share
FOLDERS = lib/patchpilot bin share/man/man1 $(foreach one,$(COMPLETIONS),share/$(dir $(lastword $(subst :, ,$(one)))))
COMPLETIONS = bash:bash-completion/completions/patchpilot zsh:zsh/site-functions/_patchpilot fish:fish/vendor_conf.d/patchpilot.fish \
	bash:bash-completion/completions/git-patchpilot zsh:zsh/site-functions/_git-patchpilot

# an environment of its own: a prefix is not on the path of every python, and the packages of other programs stay as they are.
# No file keeps the paths of the clone and of DESTDIR, and modules are compiled where an ordinary user cannot write.
install: unstaged = find "$(LIB)/bin" "$(LIB)/pyvenv.cfg" -type f -exec sed -i.orig "s|$(DESTDIR)$(PREFIX)/|$(PREFIX)/|g" {} +
install: export PYTHONPYCACHEPREFIX :=
install:
	@mkdir -p "$(DESTDIR)$(PREFIX)"
	@cd "$(DESTDIR)$(PREFIX)" && made=$$(LC_ALL=C mkdir -pv $(FOLDERS)) && printf '%s\n' "$$made" | sed "s/.*'\(.*\)'$$/\1/" >>lib/patchpilot/.made
	@.ci/watch "creating an environment in $(LIB)" $(PYTHON) -m venv "$(LIB)"
	@.ci/watch "installing patchpilot and its Python packages" "$(LIB)/bin/python" -m pip --disable-pip-version-check install --no-compile ".[all]"
	@$(unstaged)
	@rm -f "$(LIB)"/bin/*.orig "$(LIB)"/*.orig "$(LIB)"/lib/python*/site-packages/patchpilot*.dist-info/direct_url.json
	@sed -i.orig -e '/direct_url\.json,/d' -e 's|^\(\.\./\.\./\.\./bin/[^,]*\),.*|\1,,|' "$(LIB)"/lib/python*/site-packages/*.dist-info/RECORD
	@rm -f "$(LIB)"/lib/python*/site-packages/*.dist-info/RECORD.orig
	@.ci/watch "compiling the Python packages" "$(LIB)/bin/python" -m compileall -q -f -j 0 $(if $(DESTDIR),-s "$(DESTDIR)") "$(LIB)/lib"
	@ln -sf ../lib/patchpilot/bin/patchpilot "$(DESTDIR)$(PREFIX)/bin/patchpilot"
	@ln -sf ../lib/patchpilot/bin/git-patchpilot "$(DESTDIR)$(PREFIX)/bin/git-patchpilot"
	@install -m 644 man/*.1 "$(SHARE)/man/man1"
	@set -e; for one in $(COMPLETIONS); do \
		file="$(SHARE)/$${one#*:}"; "$(LIB)/bin/python" -m patchpilot completion "$${one%%:*}" > "$$file"; \
	done
	@echo "$(PREFIX)/bin/patchpilot"
	@case ":$$PATH:" in *":$(PREFIX)/bin:"*) ;; *) echo "add $(PREFIX)/bin to PATH" ;; esac

# directories that the installation made go too, if they are empty
uninstall:
	@rm -f "$(DESTDIR)$(PREFIX)/bin/patchpilot" "$(DESTDIR)$(PREFIX)/bin/git-patchpilot" "$(SHARE)"/man/man1/git-patchpilot.1 "$(SHARE)"/man/man1/patchpilot.1 "$(SHARE)"/man/man1/patchpilot-*.1
	@set -e; for one in $(COMPLETIONS); do rm -f "$(SHARE)/$${one#*:}"; done
	@made=$$(sort -r "$(LIB)/.made" 2>/dev/null); rm -rf "$(LIB)"; \
		for one in $$made; do rmdir "$(DESTDIR)$(PREFIX)/$$one" 2>/dev/null || true; done

bench: setup
	@$(BIN)/python tests/bench/run.py $(if $(RECORD),--record)
ifneq ($(CACHE),no)
	@$(BIN)/python tests/bench/startup.py
	@$(BIN)/python tests/bench/walk_large.py
	@$(BIN)/python tests/bench/redraw.py
	@$(BIN)/python tests/bench/hostile.py
endif
