# fuzz.mk
#	  The engine against the second model, against brute force, and in slices.  The
#	  top-level Makefile includes this; it also works alone
#	  (`make -f test/fuzz/fuzz.mk`), from the top directory.
#
#	  build/fuzz/engine_differential		differential.c: the fuzz
#	  build/fuzz/risk_differential		risk_brute.c
#	  build/fuzz/commission_differential	commission_slices.c
#	  build/asan/fuzz/...			the same under ASan and UBSan, with fewer streams
#
#	  test/t/002_differential.t runs what is named *_differential.  With
#	  TRADEPOST_TEST_LONG=1 in the environment they run 20 times as many streams.

ifndef PURE_LIB_SRC
.DEFAULT_GOAL := differential
include extension/pure.mk
endif

DIFF_WORLD := generator generator_place generator_world generator_spoil
DIFF_ENGINE := differential side_by_side fuzz_compare fuzz_host fuzz_listing fuzz_shrink \
	model model_apply model_place model_amend model_checks model_ends model_match model_money \
	model_trigger model_link $(DIFF_WORLD)
DIFF_RISK := risk_brute risk_copy $(DIFF_WORLD)
DIFF_COMMISSION := commission_slices $(DIFF_WORLD)
DIFF_NAMES := engine_differential risk_differential commission_differential
DIFF_HDR := $(filter-out test/fuzz/engine_check.h,$(wildcard test/fuzz/*.h)) \
	extension/src/engine.h extension/src/command.h

# How many streams a plain run has: differential.c's are of 2000 steps, risk_brute.c's of 1500.
DIFF_CFLAGS := -Itest/fuzz -DTRADEPOST_STREAMS=600 -DTRADEPOST_RISK_STREAMS=60
DIFF_ASAN_CFLAGS := -Itest/fuzz -DTRADEPOST_STREAMS=150 -DTRADEPOST_RISK_STREAMS=20

DIFF_PROGRAMS := $(DIFF_NAMES:%=build/fuzz/%)
DIFF_ASAN_PROGRAMS := $(if $(PURE_CLANG),$(DIFF_NAMES:%=build/asan/fuzz/%))

TEST_PREREQS += $(DIFF_PROGRAMS) $(DIFF_ASAN_PROGRAMS)

.PHONY: differential differential-asan differential-test differential-asan-test
differential: $(DIFF_PROGRAMS)
differential-asan: $(DIFF_ASAN_PROGRAMS)
differential-test: differential
	prove -e '' $(DIFF_PROGRAMS)
differential-asan-test: differential-asan
	prove -e '' $(DIFF_ASAN_PROGRAMS)

build/fuzz/obj/%.o: test/fuzz/%.c $(DIFF_HDR)
	mkdir -p $(@D)
	$(PURE_CC) $(PURE_CFLAGS) $(DIFF_CFLAGS) -c -o $@ $<

build/asan/fuzz/obj/%.o: test/fuzz/%.c $(DIFF_HDR)
	mkdir -p $(@D)
	$(PURE_CLANG) $(PURE_SANITIZE) $(DIFF_ASAN_CFLAGS) -c -o $@ $<

build/fuzz/engine_differential: $(DIFF_ENGINE:%=build/fuzz/obj/%.o)
build/fuzz/risk_differential: $(DIFF_RISK:%=build/fuzz/obj/%.o)
build/fuzz/commission_differential: $(DIFF_COMMISSION:%=build/fuzz/obj/%.o)
$(DIFF_PROGRAMS): build/libtradepost_book.a
	$(PURE_CC) $(PURE_CFLAGS) -o $@ $(filter %.o,$^) build/libtradepost_book.a

build/asan/fuzz/engine_differential: $(DIFF_ENGINE:%=build/asan/fuzz/obj/%.o)
build/asan/fuzz/risk_differential: $(DIFF_RISK:%=build/asan/fuzz/obj/%.o)
build/asan/fuzz/commission_differential: $(DIFF_COMMISSION:%=build/asan/fuzz/obj/%.o)
$(DIFF_ASAN_PROGRAMS): $(PURE_ASAN_OBJ)
	$(PURE_CLANG) $(PURE_SANITIZE) -o $@ $(filter %.o,$^)
