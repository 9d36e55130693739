# edge_fuzz.mk
#	  libFuzzer targets of the proxy's parsers, build/fuzz/edge_*_libfuzzer: each is one
#	  file of this folder, linked with the whole proxy but its main program.
#	  test/t/003_libfuzzer.t runs them.

EDGE_FUZZ := $(patsubst test/proxy_fuzz/fuzz_%.c,build/fuzz/edge_%_libfuzzer,$(wildcard test/proxy_fuzz/fuzz_*.c))
EDGE_FUZZ_FLAGS := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
EDGE_FUZZ_OBJ = $(filter-out %/proxy_main.o,$(PROXY_SRC:proxy/src/%.c=build/proxy/fuzz/%.o))

# clang alone has libFuzzer, and not on every machine.
ifneq ($(PURE_CLANG),)
TEST_PREREQS += $(EDGE_FUZZ)
endif

build/proxy/fuzz/%.o: proxy/src/%.c build/proxy/errcodes_http.h
	mkdir -p $(@D)
	$(PURE_CLANG) $(PROXY_CFLAGS) $(EDGE_FUZZ_FLAGS) -MMD -MP -MF $(@:.o=.d) -c -o $@ $<

build/fuzz/edge_%_libfuzzer: test/proxy_fuzz/fuzz_%.c $(EDGE_FUZZ_OBJ)
	mkdir -p $(@D)
	$(PURE_CLANG) $(PROXY_CFLAGS) $(EDGE_FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(PROXY_LIBS)

-include $(wildcard build/proxy/fuzz/*.d)
