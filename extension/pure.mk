# pure.mk
#	  The engine without PostgreSQL: the stand-alone library, its unit tests, its
#	  benchmark and its fuzzer.  The top-level Makefile includes this; it also works
#	  alone (`make -f extension/pure.mk book unit-test`), from the top directory.
#
#	  book          build/libtradepost_book.a
#	  unit          build/unit/test_*		unit-test	runs them
#	  asan-unit     build/asan/unit/test_*	with ASan and UBSan; asan-unit-test runs them
#	  book-bench    build/bench/book_bench
#	  engine-fuzz   build/fuzz/engine_libfuzzer (needs clang)
#
#	  clang builds what is sanitized: its UBSan finds more, and libFuzzer is part of it.

PURE_NOUNS := slab keymap book ladder match commission lifetime account risk batch checksum order settle \
	trigger link execute accept amend cancel market liquidation preview engine
PURE_SRC := $(PURE_NOUNS:%=extension/src/%.c)
PURE_LIB_SRC := $(PURE_SRC) extension/src/mem_libc.c
PURE_HDR := $(wildcard extension/src/account.h extension/src/book.h extension/src/command.h \
	extension/src/commission.h extension/src/engine.h extension/src/engine_state.h extension/src/keymap.h \
	extension/src/lifetime.h extension/src/match.h extension/src/mem.h extension/src/money.h \
	extension/src/risk.h extension/src/slab.h extension/src/vec.h)

PURE_CC ?= cc
PURE_CLANG ?= $(firstword $(shell command -v clang clang-19 clang-14 2>/dev/null))
PURE_CFLAGS := -O2 -g -std=c11 -Wall -Wextra -Werror -Iextension/src
PURE_SANITIZE := -O1 -g -std=c11 -Wall -Wextra -Werror -Iextension/src -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all

PURE_OBJ := $(PURE_LIB_SRC:extension/src/%.c=build/pure/%.o)
PURE_ASAN_OBJ := $(PURE_LIB_SRC:extension/src/%.c=build/asan/%.o)
PURE_FUZZ_OBJ := $(PURE_LIB_SRC:extension/src/%.c=build/fuzz/pure/%.o)

PURE_UNIT_SHARED := $(wildcard test/unit/unit_*.c) test/fuzz/engine_check.c test/fuzz/engine_check_ties.c
PURE_UNIT_HDR := $(wildcard test/unit/*.h test/fuzz/engine_check.h test/fuzz/tap.h)
PURE_TESTS := $(basename $(notdir $(wildcard test/unit/test_*.c)))
PURE_UNIT := $(PURE_TESTS:%=build/unit/%)
PURE_ASAN_UNIT := $(if $(PURE_CLANG),$(PURE_TESTS:%=build/asan/unit/%))

TEST_PREREQS += $(PURE_UNIT) $(PURE_ASAN_UNIT) $(if $(PURE_CLANG),build/fuzz/engine_libfuzzer)
BENCH_PREREQS += build/bench/book_bench

.PHONY: book unit unit-test asan-unit asan-unit-test book-bench engine-fuzz
book: build/libtradepost_book.a ## the engine as a library without PostgreSQL
unit: $(PURE_UNIT)
asan-unit: $(PURE_ASAN_UNIT)
book-bench: build/bench/book_bench
engine-fuzz: build/fuzz/engine_libfuzzer

unit-test: unit
	prove -e '' $(PURE_UNIT)
asan-unit-test: asan-unit
	prove -e '' $(PURE_ASAN_UNIT)

build/libtradepost_book.a: $(PURE_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

build/pure/%.o: extension/src/%.c $(PURE_HDR)
	mkdir -p $(@D)
	$(PURE_CC) $(PURE_CFLAGS) -c -o $@ $<

build/asan/%.o: extension/src/%.c $(PURE_HDR)
	mkdir -p $(@D)
	$(PURE_CLANG) $(PURE_SANITIZE) -c -o $@ $<

build/fuzz/pure/%.o: extension/src/%.c $(PURE_HDR)
	mkdir -p $(@D)
	$(PURE_CLANG) $(PURE_SANITIZE) -fsanitize=fuzzer-no-link -c -o $@ $<

build/unit/%: test/unit/%.c $(PURE_UNIT_SHARED) $(PURE_UNIT_HDR) build/libtradepost_book.a
	mkdir -p $(@D)
	$(PURE_CC) $(PURE_CFLAGS) -Itest/unit -Itest/fuzz -o $@ $< $(PURE_UNIT_SHARED) build/libtradepost_book.a -lm

build/asan/unit/%: test/unit/%.c $(PURE_UNIT_SHARED) $(PURE_UNIT_HDR) $(PURE_ASAN_OBJ)
	mkdir -p $(@D)
	$(PURE_CLANG) $(PURE_SANITIZE) -Itest/unit -Itest/fuzz -o $@ $< $(PURE_UNIT_SHARED) $(PURE_ASAN_OBJ) -lm

build/bench/book_bench: test/bench/book_bench.c build/libtradepost_book.a
	mkdir -p $(@D)
	$(PURE_CC) $(PURE_CFLAGS) -o $@ $< build/libtradepost_book.a

build/fuzz/engine_libfuzzer: test/fuzz/fuzz_engine.c test/fuzz/engine_check.c test/fuzz/engine_check_ties.c $(PURE_UNIT_HDR) $(PURE_FUZZ_OBJ)
	mkdir -p $(@D)
	$(PURE_CLANG) $(PURE_SANITIZE) -fsanitize=fuzzer -Itest/fuzz -o $@ \
		test/fuzz/fuzz_engine.c test/fuzz/engine_check.c test/fuzz/engine_check_ties.c $(PURE_FUZZ_OBJ)
