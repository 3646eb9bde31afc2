# The project's commands. `make` alone lists them.
# Paths are relative, so that a checkout in a folder with spaces works; PYTHON=python3.12 chooses the Python to install with.

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
	&& echo "$$name" && exit; done; echo python3)
PORT ?= 8000
ARGS ?=
export PORT ONLY SCALE QUICK

venv := .venv/bin/python
packages = $(patsubst %/__init__.py,%,$(wildcard */__init__.py))
bootstrap = exec "$(PYTHON)" stack/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help up down reset psql install test bench screenshots check fix lock

help:  ## lists these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

up:  ## installs what is missing and runs the portal with its sandbox; Ctrl-C ends it (PORT=9000 moves it)
	@$(bootstrap) local up

down:  ## ends a running portal from another terminal
	@exec "$(PYTHON)" -m stack down

reset:  ## ends it and removes its data
	@exec "$(PYTHON)" -m stack reset

psql:  ## opens the running portal's database
	@exec $(venv) -m stack psql

install:  ## installs everything for development, as the lock files say
	@$(bootstrap) dev

test: install  ## runs the tests with throw-away servers (ARGS="tests/stack -k socket" narrows them)
	@exec $(venv) -m stack test --pages $(venv) -m pytest -n auto --dist loadgroup $(ARGS)

bench: install  ## measures against what is known, on servers that keep everything (ONLY=money, SCALE=full, QUICK=1)
	@exec $(venv) -m bench

screenshots: install  ## takes pictures of every page into docs/screenshots (ARGS="#FFF3A0" tries a brand)
	@exec $(venv) -m stack test --pages $(venv) -m tests.support.screenshots $(ARGS)

check: install  ## formatting, lint, types, import contracts, missing migrations, deployment settings
	@$(venv) -m ruff format --check --quiet .
	@$(venv) -m ruff check --quiet .
	@$(venv) -m stack test $(venv) -m mypy --strict $(packages)
	@.venv/bin/lint-imports
	@$(venv) -m stack test $(venv) manage.py makemigrations --check --dry-run
	@$(venv) -m stack as-production -- $(venv) manage.py check --deploy --fail-level WARNING
	@echo "Everything checked."

fix: install  ## formats, and repairs what the linter can
	@$(venv) -m ruff check --fix --quiet .
	@$(venv) -m ruff format --quiet .

lock: export UV_CUSTOM_COMPILE_COMMAND = make lock
lock: install  ## makes the lock files again from requirements/*.in and package.json
	@set -e; for name in dev local base node; do \
		case $$name in dev|node) pins= ;; *) pins="--constraint requirements/dev.txt" ;; esac; \
		$(venv) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: \
			--no-emit-index-url $$pins requirements/$$name.in --output-file requirements/$$name.txt; \
		sed -i '/^ *#   -c requirements/d' requirements/$$name.txt; \
	done
	@npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved=true --no-audit --no-fund
