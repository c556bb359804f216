# Needs Python 3.11 and nothing else. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

VENV := .venv
CORE_VENV := .venv-core
COMMA := ,
# llama.cpp is compiled once, without what we do not use and for no particular CPU; the wheel is kept under a name that
# changes with its version, the way it is built and the C library. A path with spaces is not found by `wildcard`.
LLAMA := $(shell sed -n 's/^llama-cpp-python==//p' constraints.txt)
LLAMA_OPTIONS := -DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF
LLAMA_LEAN := set(LLAMA_BUILD_COMMON OFF)
LLAMA_KEY := $(LLAMA)-cp311-$(shell { uname -m; getconf GNU_LIBC_VERSION; echo '$(LLAMA_OPTIONS) $(LLAMA_LEAN)'; } 2>/dev/null | cksum | cut -d' ' -f1)
LLAMA_WHEELS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/fairward/wheels/llama-cpp-python-$(LLAMA_KEY)
LLAMA_WHEEL := $(wildcard $(LLAMA_WHEELS)/*.whl)
# Every extra; llm is among them when its wheel was built: `make test` tries first.
EXTRAS := dev,train,explain,sensitivity,dashboard$(if $(LLAMA_WHEEL),$(COMMA)llm)
# Left out of the core phase; the full phase runs everything.
NOT_CORE := slow or ray or ui or llm or gpu or stats
WORKERS ?= 2

PINS := pyproject.toml constraints.txt
PACKAGES := scenarios sim agents policies dashboards fairward
# -qq: silent but for errors.
PIP_INSTALL := -m pip install -qq --disable-pip-version-check -c constraints.txt
TEST_ENV := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONHASHSEED=0
# Before several processes would do it at once: half a minute after the source has changed, else half a second.
COMPILE := -c "from agents.build import prepare; prepare()"
PYTEST := -m pytest -q -n $(WORKERS) --dist worksteal

unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

# A Python 3.11 that can make environments, under whichever name.
PYTHON ?= $(firstword $(foreach name,python3.11 python3 python,$(shell \
	$(name) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1 && echo $(name))))

CORE_STAMP := $(VENV)/.installed-core
EXTRAS_STAMP := $(VENV)/.installed-$(EXTRAS)
CORE_VENV_STAMP := $(CORE_VENV)/.installed-core
CORE_VENV_TEST_STAMP := $(CORE_VENV)/.installed-test

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/bin/pip $(CORE_VENV)/bin/pip:
	@if [ -z "$(PYTHON)" ]; then \
	  echo "Fairward needs Python 3.11 with venv and ensurepip; none found as python3.11, python3 or python." >&2; \
	  echo "Install it (Debian: apt install python3.11-venv) or say where it is: make PYTHON=/path/to/python3.11" >&2; \
	  exit 2; fi
	@echo "== $(patsubst %/bin/pip,%,$@): new environment, $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(patsubst %/bin/pip,%,$@)

$(CORE_STAMP): $(PINS) | $(VENV)/bin/pip
	@echo "== $(VENV): installing the core"
	@$(VENV)/bin/python $(PIP_INSTALL) -e .
	@touch $@

$(EXTRAS_STAMP): $(PINS) $(CORE_STAMP)
	@echo "== $(VENV): installing the extras $(EXTRAS)"
	@$(VENV)/bin/python $(PIP_INSTALL) $(if $(LLAMA_WHEEL),--find-links '$(LLAMA_WHEELS)') -e '.[$(EXTRAS)]'
	@$(VENV)/bin/python -m pip check >/dev/null || $(VENV)/bin/python -m pip check
	@touch $@

$(CORE_VENV_STAMP): $(PINS) | $(CORE_VENV)/bin/pip
	@echo "== $(CORE_VENV): installing the core, and only the core"
	@$(CORE_VENV)/bin/python $(PIP_INSTALL) -e .
	@touch $@

$(CORE_VENV_TEST_STAMP): $(PINS) $(CORE_VENV_STAMP)
	@$(CORE_VENV)/bin/python $(PIP_INSTALL) -e '.[test]'
	@touch $@

.PHONY: demo
demo: $(CORE_STAMP) ## install the core into .venv and run the demonstration
	@echo "== compiling the fast engine, unless that is done"
	@$(VENV)/bin/python $(COMPILE)
	@$(VENV)/bin/fairward demo

.PHONY: test
test: ## everything: demo and core tests on core dependencies alone, then lint, types, layers, all tests
	@$(MAKE) --no-print-directory test-core
	@$(MAKE) --no-print-directory llm
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test-full

.PHONY: test-core
test-core: $(CORE_VENV_STAMP) ## phase 1 of test: demo and core tests in .venv-core
	@echo "== compiling the fast engine, unless that is done"
	@$(CORE_VENV)/bin/python $(COMPILE)
	@echo "== the demo on core dependencies"
	@$(CORE_VENV)/bin/fairward demo
	@$(MAKE) --no-print-directory $(CORE_VENV_TEST_STAMP)
	@$(CORE_VENV)/bin/python -c "import importlib.util as u; \
	  extra = [m for m in 'torch ray gymnasium pettingzoo shap lime sklearn panel bokeh llama_cpp lifelines ciw'.split() if u.find_spec(m)]; \
	  raise SystemExit(f'$(CORE_VENV) holds more than the core: {extra}. Remove it and run again.' if extra else 0)"
	@echo "== core tests on core dependencies"
	@$(TEST_ENV) $(CORE_VENV)/bin/python $(PYTEST) -m 'not ($(NOT_CORE))'

# Without a compiler everything else works; the tests with the marker llm are then skipped, except under CI.
.PHONY: llm
llm: | $(VENV)/bin/pip ## compile llama.cpp, once; the wheel is kept in the cache of the user
	@if [ -n "$(LLAMA_WHEEL)" ]; then :; \
	elif ! command -v c++ g++ clang++ >/dev/null; then \
	  echo "No C++ compiler, so no llama.cpp: the tests of language models will be skipped. Debian: apt install g++" >&2; \
	else \
	  echo "== compiling llama-cpp-python $(LLAMA), once (3 to 8 minutes of CPU), into $(LLAMA_WHEELS)"; \
	  work="$$(mktemp -d)"; trap 'rm -rf "$$work"' EXIT; echo '$(LLAMA_LEAN)' > "$$work/lean.cmake"; \
	  if CMAKE_ARGS="$(LLAMA_OPTIONS) -DCMAKE_PROJECT_llama_cpp_INCLUDE=$$work/lean.cmake" $(VENV)/bin/python -m pip wheel -qq \
	    --disable-pip-version-check --no-cache-dir --no-deps --no-binary llama-cpp-python -w "$$work" 'llama-cpp-python==$(LLAMA)'; then \
	    mkdir -p '$(LLAMA_WHEELS)'; \
	    for wheel in "$$work"/*.whl; do \
	      cp "$$wheel" '$(LLAMA_WHEELS)/partial'; mv '$(LLAMA_WHEELS)/partial' '$(LLAMA_WHEELS)/'"$${wheel##*/}"; done; \
	  else echo "llama.cpp could not be compiled: the tests of language models will be skipped." >&2; fi; fi

# Used if found, else installed where that is possible; without it the ui tests are skipped, except under CI.
.PHONY: chromium
chromium: ## the browser of the ui tests
	@if command -v chromium chromium-browser google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "== installing chromium for the browser tests"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium >/dev/null; \
	else echo "No chromium, and it cannot be installed here: the ui tests will be skipped." >&2; fi

.PHONY: test-full
test-full: $(EXTRAS_STAMP) chromium ## phase 2 of test: every test, in .venv with the extras
	@echo "== compiling the fast engine, unless that is done"
	@$(VENV)/bin/python $(COMPILE)
	@echo "== all tests with the extras $(EXTRAS)$(if $(LLAMA_WHEEL),, (no llama.cpp: tests of language models are skipped; make llm))"
	@$(TEST_ENV) $(VENV)/bin/python $(PYTEST)

.PHONY: lint
lint: $(EXTRAS_STAMP) ## style, format, types, layers
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

.PHONY: format
format: $(EXTRAS_STAMP) ## rewrite the code in the house style
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

.PHONY: bench
bench: $(EXTRAS_STAMP) ## patients per second and memory, beside a plain SimPy program
	@$(VENV)/bin/python benchmarks/engines.py

# Keeps every pin that still fits; UPGRADE=1 lets all move. To move one, edit or drop its line first.
.PHONY: lock
lock: $(CORE_STAMP) ## rewrite constraints.txt for the core and all extras
	@$(VENV)/bin/python -m pip install -qq --dry-run --ignore-installed --report $(VENV)/lock.json \
	  $(if $(UPGRADE),,-c constraints.txt) '.[all]' "$$(sed -n 's/^requires = \["\(.*\)"\]/\1/p' pyproject.toml)"
	@{ sed -n '/^#/p' constraints.txt; $(VENV)/bin/python -c "import json, re; \
	  found = [i['metadata'] for i in json.load(open('$(VENV)/lock.json'))['install']]; \
	  pins = {re.sub('[-_.]+', '-', m['name']).lower(): m['version'].split('+')[0] for m in found}; \
	  del pins['fairward']; \
	  print(*(f'{name}=={version}' for name, version in sorted(pins.items())), sep='\n')"; } > $(VENV)/constraints.new
	@mv $(VENV)/constraints.new constraints.txt
	@echo "constraints.txt: $$(grep -c == constraints.txt) packages"

.PHONY: clean
clean: ## remove environments, caches and build output; runs/ stays
	rm -rf $(VENV) $(CORE_VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +
