# détente. Two commands matter: make demo, make test. Both set themselves up in .venv.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SEEDS ?= 1000
SEED ?= 0
HOURS ?= 8
KIND ?=

.PHONY: help setup web kernels demo test coverage prove prove-full bench bench-quick bench-line bench-rules bench-node bench-desk bench-watch soak bench-lock lint words lock clean simulate replay sabotage

help:
	@echo "make demo         set up and play two commands' story on real nodes, all of it made up"
	@echo "make test         set up and run all tests (under 15 minutes on two cores)"
	@echo "make coverage     the same tests, watched: which lines and branches they reach; slower"
	@echo "make prove        heavier evidence (under 25 minutes on two cores)"
	@echo "make prove-full   hours of it; writes docs/prove-full.md"
	@echo "make simulate     SEEDS=n simulated worlds of the line on two processes; says which faults happened how often"
	@echo "make replay       tells the story of one simulated world, SEED=n, KIND=k where a failure names one"
	@echo "make sabotage     finds for every planted bug a seed that catches it"
	@echo "make bench        measure against peers, ONLY=section,section some of it; writes bench/RESULTS.md"
	@echo "make bench-line   measure the record between parties; writes bench/line/RESULTS.md"
	@echo "make bench-rules  measure plans judged by every agreement; writes bench/rules/RESULTS.md"
	@echo "make bench-node   measure two served nodes under load, a backlog and attacks; writes bench/node/RESULTS.md"
	@echo "make bench-desk   measure a desk with a hundred officers; writes bench/desk/RESULTS.md"
	@echo "make bench-watch  measure a watch under load, a step of its prediction and its alarms; writes pages in bench/watch"
	@echo "make soak         two served nodes under random faults for HOURS=8; a line a minute in bench/data/soak.jsonl"
	@echo "make web          build the picture's scripts, when they changed, into src/detente/desk/static"
	@echo "make lint         style, types, import contracts"
	@echo "make words        collect and compile the Russian catalogue"
	@echo "make lock         resolve and lock the dependencies anew"

$(VENV)/ready: locks/test.txt pyproject.toml tools/hatch_words.py tools/compile_words.py tools/build_web.py
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "detente needs Python 3.11 or newer; say make PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r locks/test.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/ready
	@$(BIN)/python tools/compile_words.py
	@$(BIN)/python tools/build_web.py

# the picture in front of the officers; does nothing when it was built from the sources as they are
web: $(VENV)/ready
	$(BIN)/python tools/build_web.py

demo: kernels
	$(BIN)/python tools/demo.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# once for all test processes, and in nobody's time limit
kernels: setup
	$(BIN)/python tools/compile_kernels.py

# types are checked while kernels are compiled: each keeps one core busy
test: setup
	@$(MAKE) --no-print-directory -j2 --output-sync=line lint kernels
	$(BIN)/python -m pytest -n 2 -m "not prove and not prove_full"

# which lines and branches the tests reach; watching them slows every test down, so the gate goes without
coverage: kernels
	$(BIN)/python -m pytest -n 2 -m "not prove and not prove_full" --cov --cov-branch --cov-report=term

# without a network the Signal K server is not there, and its tests say so
prove: kernels
	-$(BIN)/python tools/install_signalk.py
	$(BIN)/python -m pytest -n 2 -m prove

prove-full: prove
	$(BIN)/python tools/prove_full.py

simulate: setup
	$(BIN)/python -m tests.simulation simulate $(SEEDS) --first $(SEED) --kind "$(KIND)"

replay: setup
	$(BIN)/python -m tests.simulation replay $(SEED) --kind "$(KIND)"

sabotage: setup
	$(BIN)/python -m tests.simulation.sabotage

words: $(VENV)/ready
	$(BIN)/python tools/compile_words.py --collect

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --exclude-newer "$$(date -u -d '7 days ago' +%Y-%m-%d)" --extra watch --extra report --extra parquet --extra postgresql --group test \
	  --quiet --output-file locks/test.txt pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --exclude-newer "$$(date -u -d '7 days ago' +%Y-%m-%d)" --constraint locks/test.txt \
	  --quiet --output-file locks/node.txt pyproject.toml

# the peers live apart: some are GPL, and none of them is needed to use or to test détente
.venv-bench/ready: locks/bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --no-deps --require-hashes -r locks/bench.txt
	@touch $@

bench: setup .venv-bench/ready
	$(BIN)/python bench/run.py $(if $(ONLY),--only $(ONLY))

bench-quick: setup .venv-bench/ready
	$(BIN)/python bench/run.py --quick

bench-line: setup .venv-bench/ready
	$(BIN)/python bench/line/run.py

bench-rules: setup
	$(BIN)/python bench/rules/judge.py --write

bench-node: setup
	$(BIN)/python bench/node/run.py

bench-desk: setup
	$(BIN)/python bench/desk/run.py

bench-watch: kernels
	$(BIN)/python bench/watch/run.py
	$(BIN)/python bench/watch/step.py
	$(BIN)/python bench/watch/alarms.py

soak: setup
	$(BIN)/python bench/node/soak.py --hours $(HOURS)

bench-lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --exclude-newer "$$(date -u -d '7 days ago' +%Y-%m-%d)" --quiet --output-file locks/bench.txt bench/peers.in

clean:
	rm -rf $(VENV) dist build
