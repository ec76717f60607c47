# Everything one does with this repository. `make` alone lists it.
#
#   PYTHON=python3.12   the interpreter that .venv is made with (default: one that fits)
#   ARGS="..."          passed on to the program that the target runs
#   WORKERS=2           processes that share the tests

PYTHON  ?=
ARGS    ?=
WORKERS ?= 2

PY       = .venv/bin/python
# Each worker computes on one thread: two workers with two threads each wait for one another.
# They start other processes, each of which would compile all that it imports.
PINNED   = OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=

# $(call environment,EXTRA ...) brings .venv up to date; it takes a moment when nothing changed.
# Any Python starts the script, which then looks for one that fits.
define environment
@for python in python3 python3.14 python3.13 python3.12 python3.11 python $(PYTHON); do \
	if command -v "$$python" >/dev/null 2>&1; then \
		PYTHON='$(PYTHON)' exec "$$python" tools/bootstrap.py $(1); \
	fi; \
done; \
echo "make: no Python on PATH: install Python 3.11 to 3.14 and run this again" >&2; exit 2
endef

.DEFAULT_GOAL := help
.PHONY: help run test cuda lint format stubs bench conformance programs mutants docs clean

help: ## list the targets
	@echo "make TARGET [PYTHON=...] [ARGS=...]"
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

run: ## install, then run the three experiments against PyTorch (ARGS="mnist_mlp --epochs 1")
	$(call environment,experiments test)
	@echo "make: running the experiments"
	@$(PY) -m experiments run $(ARGS)

test: ## install, then run all tests (ARGS="-k view -x")
	$(call environment,experiments test)
	@echo "make: building kernels for this CPU, once: a minute or two"
	@$(PY) -m minitorch_np.kernels build | tail -n 1
	@echo "make: running the tests in $(WORKERS) processes"
	@$(PINNED) $(PY) -m pytest -n $(WORKERS) $(ARGS)

cuda: ## on a machine with a GPU: cuda tests and all experiments on it; installs nothing
	@python=python3; [ ! -x $(PY) ] || python=$(PY); \
	echo "make: comparing on CUDA with $$python"; \
	PYTHONPATH=. exec "$$python" -m experiments cuda $(ARGS)

lint: ## check formatting, style and types
	$(call environment,dev)
	@echo "make: ruff format, ruff check, basedpyright"
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m basedpyright

format: ## format the code and mend what ruff can
	$(call environment,dev)
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

stubs: ## write the method declarations that Tensor inherits, from the registry of ops
	$(call environment,dev)
	@$(PY) -m tools.stubs $(ARGS)

bench: ## time the engine beside PyTorch, NumPy, JAX and others (ARGS="step --seconds 1")
	$(call environment,experiments bench)
	@$(PY) -m benchmarks --json runs/bench/results.json --plot runs/bench $(ARGS)

conformance: ## compare every op of PyTorch's own database (ARGS="add --dtype float32"); minutes
	$(call environment,experiments test)
	@mkdir -p runs/conformance
	@$(PINNED) $(PY) -m experiments conformance --json runs/conformance/results.json \
		--html runs/conformance/board.html $(ARGS)

programs: ## run 10,000 random programs under both libraries (ARGS="--count 500 --seed 7"); minutes
	$(call environment,experiments test)
	@$(PINNED) $(PY) -m experiments programs $(ARGS)

mutants: ## plant known faults in the engine and see that the op database finds them (ARGS="ops/reduce.py")
	$(call environment,experiments test)
	@$(PINNED) $(PY) -m tools.mutants $(ARGS)

docs: ## run both commands and write README's outputs, tables and pictures (ARGS="ops cuda": only those)
	$(call environment,experiments test)
	@$(PY) -m tools.docs $(ARGS)

clean: ## remove caches and builds; .venv, data and runs stay
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
