# bench.mk
#	  `make bench`: build/bench/sql_bench, and the script that gives it a server.

include test/client/client.mk

BENCH_SRC := test/bench/sql_bench.c test/bench/bench_rows.c test/bench/bench_market.c test/bench/load_generator.c \
	test/bench/bench_orders.c test/bench/bench_matcher.c test/bench/bench_pure.c \
	test/bench/bench_latency.c test/bench/bench_platform.c test/bench/bench_restart.c
BENCH_HDR := test/bench/sql_bench.h

BENCH_PREREQS += build/bench/sql_bench build/tradepost-proxy test/proxy/node_modules/.installed

build/bench/sql_bench: $(BENCH_SRC) $(BENCH_HDR) $(CLIENT_SRC) $(CLIENT_HDR)
	mkdir -p $(@D)
	$(CC) $(CLIENT_CFLAGS) $(BENCH_SRC) $(CLIENT_SRC) $(CLIENT_LIBS) -o $@

.PHONY: bench bench-build
bench: ## measure it on a private server, into build/bench.json (QUICK=1 rougher, BENCH_LONG=1 with 10 million orders, ONLY=part)
	$(STACK)/deps.sh install run
	$(MAKE) -j$(JOBS) bench-build
	test/bench/bench.sh

bench-build: all $(BENCH_PREREQS)
