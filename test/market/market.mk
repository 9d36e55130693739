# market.mk
#	  The demo market of `make run`: build/market.

include test/client/client.mk

MARKET_SRC := $(wildcard test/market/*.c)
MARKET_HDR := $(wildcard test/market/*.h)

RUN_PREREQS += build/market
TEST_PREREQS += build/market

build/market: $(MARKET_SRC) $(MARKET_HDR) $(CLIENT_SRC) $(CLIENT_HDR)
	mkdir -p $(@D)
	$(CC) $(CLIENT_CFLAGS) $(MARKET_SRC) $(CLIENT_SRC) $(CLIENT_LIBS) -o $@
