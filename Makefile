# The commands of the README. `make run` shows the system at work; `make help` lists the rest.

PYTHON ?= python3
SECONDS ?= 60
PACKAGES := make python3-venv maven
MAIL_SERVER := dovecot-imapd
VIRUS_SCANNER := clamav-daemon
SERVICE_TESTS := $(wildcard services/*/tests)
PYTHON_READY := .venv/.ready
JARS_READY := .local/cache/kafka/pom.sha256 .local/cache/s3proxy/pom.sha256

.PHONY: help setup run up down status reset backup restore test faults fuzz check bench documents format model understanding
.DELETE_ON_ERROR:

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile | expand -t 17

setup: ## get everything that the other commands need, once
	@$(MAKE) -q ready 2>/dev/null || { $(MAKE) --no-print-directory tools && $(MAKE) --no-print-directory -j4 ready; }

run: setup ## start everything, hand in a sample report and tell its way; Ctrl-C stops
	@.venv/bin/python -m deploy.local run

up: setup ## start everything in the background; returns when it is ready
	@.venv/bin/python -m deploy.local up

down: setup ## stop everything
	@.venv/bin/python -m deploy.local down

status: setup ## what runs, lag, dead letters
	@.venv/bin/python -m deploy.local status

reset: setup ## forget all data (stops everything first)
	@.venv/bin/python -m deploy.local reset

backup: setup ## copy everything into a new folder while it runs: make backup TO=FOLDER
	@test -n "$(TO)" || { echo "say where: make backup TO=FOLDER"; exit 2; }
	@test ! -f .local/environment || . ./.local/environment; .venv/bin/python -m deploy.backup create "$(TO)"

restore: setup ## fill an empty, stopped system from a backup: make restore FROM=FOLDER
	@test -n "$(FROM)" || { echo "say from where: make restore FROM=FOLDER"; exit 2; }
	@.venv/bin/python -m deploy.local restore "$(FROM)"

test: setup clocks mail-server virus-scanner ## all tests, on throw-away servers of their own
	@.venv/bin/pytest

faults: setup clocks ## everything that can fail fails under load, in the background; again: how far it is, or go on
	@.venv/bin/python -m tests.faults

fuzz: setup ## look for mails and requests that cannot be coped with, SECONDS=60 each
	@.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	@cd services/intake-email && ../../.venv/bin/python -W ignore -m tests.fuzz_mails $(SECONDS)
	@cd services/tickets && ../../.venv/bin/python -m tests.fuzz_requests $(SECONDS)
	@! ls .local/fuzz/*/found-* 2>/dev/null

check: setup ## format, lint, strict types, contracts, architecture rules
	@.venv/bin/ruff format --check
	@.venv/bin/ruff check
	@.venv/bin/mypy
	@for tests in $(SERVICE_TESTS); do echo ".venv/bin/mypy $$tests"; .venv/bin/mypy $$tests || exit 1; done
	@.venv/bin/python -m contracts check
	@.venv/bin/python -m packs check packs/lipovany
	@.venv/bin/python -m packs schema --check
	@.venv/bin/pytest -q tests/architecture

bench: setup ## how fast it is, on the settings of `make run`
	@.venv/bin/python -m tests.benchmark --write

model: setup ## learn from understanding/messages again: the model that the router ships with
	.venv/bin/python -m understanding train

understanding: setup ## measure how well messages are understood, and write docs/understanding.md
	.venv/bin/python -m understanding measure --page docs/understanding.md

audit: ## ask the public list of known faults about every locked version; needs internet
	@$(PYTHON) -m deploy.audit

documents: setup ## write the generated pages anew: settings, metrics
	@.venv/bin/python -m deploy.documents

format: setup ## bring the code into the agreed form
	@.venv/bin/ruff format
	@.venv/bin/ruff check --fix

.PHONY: ready
ready: $(PYTHON_READY) $(JARS_READY)

# The locked requirements first, then our own packages by reference to this directory.
$(PYTHON_READY): requirements/dev.txt pyproject.toml
	@echo "Getting the Python packages; the first time takes a minute or two …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "$(PYTHON) is not Python 3.11; name one: make PYTHON=…"; exit 1; }
	@test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	@.venv/bin/pip install --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.local/cache/%/pom.sha256: deploy/local/%/pom.xml
	@echo "Getting the jars of $* …"
	@$(PYTHON) -m deploy.local.jars $*
	@echo "The jars of $* are there."
	@touch $@

# Only tests ask for clocks that can be set: without the package these are left out, and it is said.
.PHONY: clocks
clocks:
	@ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 && exit 0; \
	test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { echo "Left out, for want of libfaketime: clocks that are set"; exit 0; }; \
	echo "Installing libfaketime …"; \
	apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q libfaketime >/dev/null

# Where they may be installed they are; elsewhere the one line that does it is said.
.PHONY: tools
tools:
	@command -v java >/dev/null && command -v mvn >/dev/null && $(PYTHON) -c 'import ensurepip' 2>/dev/null && exit 0; \
	echo "This needs: apt-get install -y $(PACKAGES)"; \
	test "$$(id -u)" = 0 && command -v apt-get >/dev/null || exit 1; \
	echo "Installing these …"; \
	apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q $(PACKAGES) >/dev/null

# Only tests of mailboxes need it: the system itself runs without, so elsewhere they are skipped.
.PHONY: mail-server
mail-server:
	@test -x /usr/sbin/dovecot && exit 0; \
	test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { echo "Tests of mailboxes need: apt-get install -y $(MAIL_SERVER)"; exit 0; }; \
	echo "Installing $(MAIL_SERVER) …"; \
	apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(MAIL_SERVER) >/dev/null

# The same of a virus scanner. Tests give it signatures of their own, so none are fetched for them.
.PHONY: virus-scanner
virus-scanner:
	@test -x /usr/sbin/clamd && exit 0; \
	test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { echo "Tests of scanning need: apt-get install -y $(VIRUS_SCANNER)"; exit 0; }; \
	echo "Installing $(VIRUS_SCANNER) …"; \
	apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(VIRUS_SCANNER) >/dev/null
