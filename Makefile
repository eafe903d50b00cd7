# Every command creates its virtual environment if it is missing, installs what it needs once, and runs.
# The environment is updated when pyproject.toml has changed.
#
#   make test ARGS="-k softmax -x"      more arguments for pytest
#   make test PYTHON=python3.12         another Python, for a new environment (`make clean` first)

PYTHON ?= python3
ARGS ?=
# One worker per core. A file stays with one worker, so its fixtures are created once.
PARALLEL ?= -n auto --dist loadfile

# The directory of the NumPy wheel of Pyodide's distribution, for `make wasm`.
PYODIDE_WHEELS ?= ../shared/pyodide
# How many seconds `make fuzz` runs.
SECONDS ?= 600

VENV := .venv
PARITY := .venv-parity
BENCH := .venv-bench
FUZZ := .venv-fuzz
WASM := .venv-wasm
RUN := $(VENV)/bin/python
RUN_PARITY := $(PARITY)/bin/python
RUN_BENCH := $(BENCH)/bin/python
RUN_FUZZ := $(FUZZ)/bin/python

export PIP_DISABLE_PIP_VERSION_CHECK := 1

# At a lesson's size, one thread multiplies matrices as fast as many, and does not stall when other programs are busy.
test coverage demo parity parity-report fuzz: export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test card numerics coverage mutants release-check lint browser parity parity-report bench fuzz wasm clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.has-examples ## train the example networks, print what they learned, and draw it in out/
	$(RUN) examples/demo.py $(ARGS)

test: $(VENV)/.has-dev ## the test suite and every doctest; needs no PyTorch
	$(RUN) -m pytest $(PARALLEL) $(ARGS)

card: $(VENV)/.has-dev ## write docs/correctness.md, which lists what is tested of every op
	$(RUN) -m tests.ops.card

numerics: $(VENV)/.has-dev ## measure numerical accuracy, and write docs/numerics.md
	$(RUN) -m tests.accuracy

coverage: $(VENV)/.has-dev ## run the tests, and report the branches of src/ that they do not cover
	$(RUN) -m pytest $(PARALLEL) --cov --cov-report=term --cov-fail-under=99 src tests --ignore=tests/examples $(ARGS)

mutants: $(VENV)/.has-mutants $(VENV)/.has-dev ## mutation testing: change the code slightly, see that a test fails (hours)
	$(RUN) tools/mutants.py $(ARGS)

release-check: export TAG ?=
release-check: $(RUN) ## build the release, and test the wheel in a separate environment
	PYTHON=$(RUN) bash tools/release_check.sh

lint: $(VENV)/.has-dev ## ruff and mypy --strict
	@failed=0; \
	echo "ruff"; $(RUN) -m ruff check . || failed=1; \
	echo "mypy"; $(RUN) -m mypy || failed=1; \
	exit $$failed

browser: $(VENV)/.has-browser ## test the pages of explain.step in Chromium
	$(RUN) -m pytest tests/explain/browser $(ARGS)

parity: $(PARITY)/.has-parity ## compare with PyTorch (a large install, in a separate environment)
	$(RUN_PARITY) -m pytest tests/parity $(PARALLEL) $(ARGS)

parity-report: $(PARITY)/.has-parity ## run PyTorch's own samples, and write docs/parity.md
	$(RUN_PARITY) -m pytest tests/parity/databases/test_databases.py --write-report $(ARGS)

bench: $(BENCH)/.has-bench ## compare speed with PyTorch and NumPy engines, and write docs/benchmarks.md
	$(RUN_BENCH) -m benchmarks $(ARGS)

fuzz: $(FUZZ)/.has-fuzz ## look for files that make a loader misbehave, for 10 minutes: make fuzz SECONDS=60
	$(RUN_FUZZ) -m tests.fuzz --seconds $(SECONDS) $(ARGS)

# The wheel is built for its metadata, which tests read; the code that runs is that of src/.
wasm: $(WASM)/.has-pyodide | $(RUN) ## the test suite inside WebAssembly, under Node (Pyodide)
	rm -f $(WASM)/wheels/cutaway-*
	$(RUN) -m pip wheel -qq --no-deps --wheel-dir $(WASM)/wheels .
	node tools/wasm.mjs $(WASM)/node_modules $(WASM)/wheels $(PYODIDE_WHEELS) $(ARGS)

clean: ## remove the environments, caches, builds and pictures
	rm -rf $(VENV) $(PARITY) $(BENCH) $(FUZZ) $(WASM) out build dist .coverage htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# .venv/.has-dev: the extra `dev` is installed in .venv, as of the pyproject.toml at that time.
define extras
$(1)/.has-%: pyproject.toml | $(1)/bin/python
	@echo "Installing cutaway[$$*] into $(1) (once)"
	@$(1)/bin/python -m pip install -qq --editable ".[$$*]"
	@touch $$@
endef
$(foreach environment,$(VENV) $(PARITY) $(BENCH) $(FUZZ),$(eval $(call extras,$(environment))))

$(WASM)/.has-pyodide: | $(RUN)
	@echo "Installing Pyodide into $(WASM) (once)"
	@rm -rf $(WASM) && mkdir -p $(WASM)
	@npm install --silent --no-audit --no-fund --prefix $(WASM) pyodide@0.27.7
	@$(RUN) -m pip download -qq --dest $(WASM)/wheels --only-binary :all: --implementation py --abi none \
		--platform any --python-version 3.12 pytest hypothesis mpmath
	@touch $@

# A venv that fails half-way leaves an interpreter without pip behind: remove it, or it would be taken for complete.
$(RUN) $(RUN_PARITY) $(RUN_BENCH) $(RUN_FUZZ):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"cutaway needs Python 3.11 or newer, and $(PYTHON) is %d.%d. Try: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	@$(PYTHON) -m venv --clear $(@:/bin/python=) || { rm -rf $(@:/bin/python=); exit 1; }
