# replay.mk
#	  The command stream replay: build/replay, its generator, `make replay`.

include test/client/client.mk

REPLAY_SRC := $(filter-out test/replay/generate.c,$(wildcard test/replay/*.c))
REPLAY_HDR := $(wildcard test/replay/*.h)
REPLAY_FIXTURES := test/replay/fixtures

TEST_PREREQS += build/replay build/replay-generate

build/replay: $(REPLAY_SRC) $(REPLAY_HDR) $(CLIENT_SRC) $(CLIENT_HDR)
	mkdir -p $(@D)
	$(CC) $(CLIENT_CFLAGS) $(REPLAY_SRC) $(CLIENT_SRC) $(CLIENT_LIBS) -o $@

build/replay-generate: test/replay/generate.c
	mkdir -p $(@D)
	$(CC) -O2 -g -std=c11 -Wall -Wextra -Werror $< -o $@

# Without COMMANDS it replays the stream that ships with the tests.
ifeq ($(COMMANDS),)
REPLAY_ARGS = --commands=$(REPLAY_FIXTURES)/commands.csv.gz --fills=$(REPLAY_FIXTURES)/fills.csv.gz \
	--checks=$(REPLAY_FIXTURES)/checks.csv.gz --book=$(REPLAY_FIXTURES)/book.csv.gz
else
REPLAY_ARGS = --commands='$(COMMANDS)' $(if $(FILLS),--fills='$(FILLS)') $(if $(CHECKS),--checks='$(CHECKS)') $(if $(BOOK),--book='$(BOOK)')
endif

.PHONY: replay replay-build replay-fixtures
replay: ## feed COMMANDS=f FILLS=f [CHECKS=f BOOK=f] through the running stack and compare
	$(STACK)/deps.sh install run
	$(MAKE) replay-build
	env=$${TRADEPOST_RUN_DIR:-.run}/env; \
	if [ ! -r "$$env" ]; then echo "replay: no stack has been started here (no $$env); run 'make start' first" >&2; exit 2; fi; \
	. "$$env" && exec build/replay $(REPLAY_ARGS)

replay-build: build/replay

# The shipped stream, from its generator: seed 7, 12000 steps, 3 levels.
replay-fixtures: build/replay-generate
	build/replay-generate $(REPLAY_FIXTURES) 7 12000 3
	cd $(REPLAY_FIXTURES) && gzip -9nf commands.csv fills.csv checks.csv book.csv
