# client.mk
#	  How the client programs under test/ are built: plain C11 with libpq and zlib.
#	  Defines what replay.mk, market.mk and bench.mk use; builds nothing itself.

CLIENT_DIR := test/client
CLIENT_SRC := $(CLIENT_DIR)/session.c $(CLIENT_DIR)/text.c
CLIENT_HDR := $(wildcard $(CLIENT_DIR)/*.h)
CLIENT_CFLAGS = -O2 -g -std=c11 -Wall -Wextra -Werror -D_GNU_SOURCE -isystem $(shell $(PG_CONFIG) --includedir)
CLIENT_LIBS = -L$(shell $(PG_CONFIG) --libdir) -lpq -lz -lm -pthread
