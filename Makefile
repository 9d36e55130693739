# Makefile
#	  The only entry: build, run, test, measure, install.  `make help` lists the targets.
#
# The extension itself is a PGXS build.  Everything else works on a machine that has
# no PostgreSQL yet: `run`, `start`, `test`, `bench`, `replay` and `lint` first let
# docker/stack/deps.sh install what is missing, then call make again, which then finds
# PGXS.  Nothing but `install` touches the system's PostgreSQL.
#
# Parts plug in by fragments, extension/*.mk, proxy/*.mk, proxy/speech/*.mk and test/*/*.mk, which may add to
#	TEST_PREREQS	what must be built before prove starts
#	TEST_EXTENSION_FILES	control files and scripts of the tests' own extensions
#	RUN_PREREQS		what `make run` starts
#	BENCH_PREREQS	what `make bench` needs
# and bring targets of their own; `name: ... ## text` puts a target into the help.
#
# Variables: V=1 (show commands), PG_CONFIG, CC, WERROR=1, DESTDIR, TRADEPOST_RUN_DIR,
# TRADEPOST_PORT, TRADEPOST_PGPORT, PROVE_TESTS, PROVE_FLAGS.

SHELL := /bin/bash
.DEFAULT_GOAL := all

ifneq ($(V),1)
.SILENT:
MAKEFLAGS += --no-print-directory
endif

STACK := docker/stack
TP_VERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" extension/tradepost.control)
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

# An explicit PG_CONFIG wins, else the newest PostgreSQL that is installed whole.
ifeq ($(PG_CONFIG),)
PG_CONFIG := $(shell $(STACK)/deps.sh pg-config)
endif
export PG_CONFIG
export V

# Sources.  mem_libc.c belongs to the stand-alone library; errcodes.h is generated.
MODULE_SRC := $(sort $(filter-out %/mem_libc.c,$(wildcard extension/src/*.c)))
SQL_MODULES := $(sort $(wildcard sql/*/*.sql))
MIGRATIONS := $(sort $(wildcard migrations/*--*.sql))
OBJ_DIR ?= build/obj
FLAGS_FILE ?= build/flags
MODULE_OBJ := $(MODULE_SRC:extension/src/%.c=$(OBJ_DIR)/%.o)
FAULTS_OBJ := $(MODULE_SRC:extension/src/%.c=build/faults/%.o)
# Pure parts of the proxy that SQL functions call, too: with symbols of their own, which a
# module otherwise shares with the whole server.
SHARED_SRC := $(wildcard proxy/src/parse_command.c proxy/src/spoken_*.c proxy/src/texts.c proxy/src/utf8.c)
SHARED_OBJ := $(SHARED_SRC:proxy/src/%.c=$(OBJ_DIR)/shared/%.o)

TEST_PREREQS :=
TEST_EXTENSION_FILES :=
RUN_PREREQS :=
BENCH_PREREQS :=

HAVE_PGXS := $(if $(PG_CONFIG),$(shell f=$$($(PG_CONFIG) --pgxs 2>/dev/null) && test -f "$$f" && echo yes))

ifeq ($(HAVE_PGXS),yes)

# MODULES rather than MODULE_big: it installs by base name, so that the library can
# be built below build/ instead of in the top directory.
EXTENSION = extension/tradepost
MODULES = build/tradepost
DATA_built = build/tradepost--$(TP_VERSION).sql $(MIGRATIONS:migrations/%=build/tradepost--%)
EXTRA_CLEAN = build

PG_CPPFLAGS = -Iextension/src -Ibuild -iquote proxy/src -isystem $(shell $(PG_CONFIG) --includedir-server)
# The server's headers, and callbacks' parameter lists, are not ours to choose.
PG_CFLAGS = -std=gnu11 -Wextra -Wno-unused-parameter -Wno-declaration-after-statement
ifeq ($(WERROR),1)
PG_CFLAGS += -Werror
endif
ifneq ($(findstring clang,$(CC)),)
# Debian's flags are made for gcc.
PG_CFLAGS += -Wno-unknown-warning-option -Wno-ignored-optimization-argument
endif

REGRESS = $(shell test -f test/schedule && sed -n 's/^test: *//p' test/schedule)
ISOLATION = $(sort $(notdir $(basename $(wildcard test/specs/*.spec))))
REGRESS_OPTS = --inputdir=build/installcheck --outputdir=build/installcheck --load-extension=tradepost
ISOLATION_OPTS = --inputdir=build/installcheck --outputdir=build/installcheck --load-extension=tradepost
REGRESS_PREP = installcheck-dir

# No bitcode: it would need clang at every build, and JIT has nothing to inline here.
override with_llvm := no
override autodepend := yes
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(OBJ_DIR)/%.o: extension/src/%.c build/errcodes.h build/texts_list.h $(FLAGS_FILE)
	mkdir -p $(@D)
	$(COMPILE.c) -MMD -MP -MF $(@:.o=.d) -o $@ $<

# The flavour for tests: fault injection points compiled in.
build/faults/%.o: extension/src/%.c build/errcodes.h build/texts_list.h $(FLAGS_FILE)
	mkdir -p $(@D)
	$(COMPILE.c) -DTRADEPOST_FAULTS -MMD -MP -MF $(@:.o=.d) -o $@ $<

$(OBJ_DIR)/shared/%.o: proxy/src/%.c build/texts_list.h $(FLAGS_FILE)
	mkdir -p $(@D)
	$(COMPILE.c) -fvisibility=hidden -MMD -MP -MF $(@:.o=.d) -o $@ $<

build/tradepost.so: $(MODULE_OBJ) $(SHARED_OBJ)
	$(CC) $(CFLAGS) $^ $(LDFLAGS) $(LDFLAGS_SL) -shared -o $@

build/faults/tradepost.so: $(FAULTS_OBJ) $(SHARED_OBJ)
	$(CC) $(CFLAGS) $^ $(LDFLAGS) $(LDFLAGS_SL) -shared -o $@

-include $(wildcard $(OBJ_DIR)/*.d $(OBJ_DIR)/shared/*.d build/faults/*.d)

# Another compiler, flag or server makes everything anew.
$(FLAGS_FILE): FORCE
	mkdir -p $(@D)
	printf '%s\n' '$(COMPILE.c) $(shell $(PG_CONFIG) --version)' | cmp -s - $@ || \
		printf '%s\n' '$(COMPILE.c) $(shell $(PG_CONFIG) --version)' > $@

# PGXS removes MODULES by their path, though it installs them by base name.
uninstall: uninstall-library
uninstall-library:
	rm -f '$(DESTDIR)$(pkglibdir)/tradepost$(DLSUFFIX)'

.PHONY: objects faults installcheck-dir uninstall-library
objects: $(MODULE_OBJ) $(SHARED_OBJ)
faults: build/faults/tradepost.so

# pg_regress wants sql/, specs/ and expected/ under one roof.
installcheck-dir:
	rm -rf build/installcheck && mkdir -p build/installcheck
	for d in sql specs; do test ! -d test/$$d || ln -s ../../test/$$d build/installcheck/$$d; done
	ln -s ../../expected build/installcheck/expected

else

NEEDS_PGXS := all install uninstall installcheck objects faults
.PHONY: $(NEEDS_PGXS)
$(NEEDS_PGXS):
	echo "$@: no PostgreSQL development files found (PG_CONFIG=$(PG_CONFIG))." >&2; \
	$(STACK)/deps.sh explain build >&2; exit 1

clean:
	rm -rf build

endif

# Generated sources -----------------------------------------------------------

build/errcodes.h: extension/errcodes.txt $(STACK)/errcodes.sh
	mkdir -p build
	$(STACK)/errcodes.sh header < $< > $@.new && mv $@.new $@

build/texts_list.h: extension/texts.txt $(STACK)/texts.sh
	mkdir -p build
	$(STACK)/texts.sh < $< > $@.new && mv $@.new $@

ASSEMBLE_DEPS := $(SQL_MODULES) $(wildcard sql sql/*/.) extension/errcodes.txt extension/tradepost.control \
	$(STACK)/assemble.sh $(STACK)/errcodes.sh

build/tradepost--$(TP_VERSION).sql: $(ASSEMBLE_DEPS)
	mkdir -p build
	$(STACK)/assemble.sh install sql $(TP_VERSION) > $@.new && mv $@.new $@

define UPDATE_SCRIPT
build/tradepost--$(1).sql: migrations/$(1).sql $$(ASSEMBLE_DEPS)
	mkdir -p build
	$$(STACK)/assemble.sh update sql $$(TP_VERSION) migrations/$(1).sql > $$@.new && mv $$@.new $$@
endef
$(foreach m,$(MIGRATIONS:migrations/%.sql=%),$(eval $(call UPDATE_SCRIPT,$(m))))

# Parts -----------------------------------------------------------------------

-include $(sort $(wildcard extension/*.mk proxy/*.mk proxy/speech/*.mk test/*/*.mk))

# Run -------------------------------------------------------------------------

.PHONY: run start stop restart status reset chat run-build
run: ## build, start the stack and the demo market in the foreground; Ctrl-C stops both
	$(STACK)/deps.sh install run
	$(MAKE) -j$(JOBS) run-build RUN_DEMO=1
	exec env --default-signal=INT,TERM,HUP $(STACK)/stack.sh run

start: ## build and start the stack in the background
	$(STACK)/deps.sh install run
	$(MAKE) -j$(JOBS) run-build
	$(STACK)/stack.sh start

stop: ## stop the stack, keep its data
	$(STACK)/stack.sh stop

restart: ## stop, then start
	$(STACK)/stack.sh stop
	$(MAKE) start

status: ## say what runs (JSON=1 for machines); fails unless everything runs
	$(STACK)/stack.sh status $(if $(filter 1,$(JSON)),json)

reset: ## stop the stack and throw its data away
	$(STACK)/stack.sh reset

chat: ## write to the running stack as a phone does by WhatsApp (IN=es or pt); needs no Twilio
	$(STACK)/chat.sh $(IN)

run-build: all proxy $(if $(RUN_DEMO),$(RUN_PREREQS))

# Test ------------------------------------------------------------------------

.PHONY: test test-long test-build test-debian13 lint format
test: ## every test but the long loops, in one prove (PROVE_TESTS=test/t/x.t for some)
	$(STACK)/deps.sh install test
	$(MAKE) -j$(JOBS) test-build
	$(STACK)/prove.sh $(PROVE_TESTS)

test-long: ## the same with the long loops
	TRADEPOST_TEST_LONG=1 $(MAKE) test

test-build: all faults $(TEST_PREREQS)
	$(STACK)/prefix.sh build/pg plain $(TEST_EXTENSION_FILES)
	$(STACK)/prefix.sh build/pg-faults faults $(TEST_EXTENSION_FILES)

test-debian13: ## the tests on Debian 13 with PostgreSQL 17, in a chroot (root only)
	$(STACK)/debian13.sh $(or $(DEBIAN13_ARGS),test)

lint: ## the rules that a program can check
	$(STACK)/deps.sh install lint
	$(STACK)/lint.sh

format: ## clang-format over our C files
	$(STACK)/deps.sh install lint
	$(STACK)/lint.sh format

# Ship ------------------------------------------------------------------------

.PHONY: dist help FORCE
dist: ## a source tarball of the last commit, below build/
	mkdir -p build
	git archive --format=tar.gz --prefix=tradepost-$(TP_VERSION)/ -o build/tradepost-$(TP_VERSION).tar.gz HEAD
	echo build/tradepost-$(TP_VERSION).tar.gz

help: ## this list
	echo 'make TARGET, where TARGET is one of'
	sed -nE 's/^([a-z][a-z0-9-]*):[^#=]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | sort -u | awk -F '\t' '{ printf "  %-14s %s\n", $$1, $$2 }'
	printf '  %-14s %s\n' all 'build the extension (needs PostgreSQL development files)' \
		install 'install it into the PostgreSQL of PG_CONFIG (DESTDIR works)' \
		installcheck 'pg_regress and isolation tests against a running server that has it' \
		clean 'remove build/'
	echo 'V=1 shows the commands.'

FORCE:
