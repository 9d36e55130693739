# load.mk
#	  order-load, the clients that the tests of crashes and robustness start.

TEST_PREREQS += build/order-load

build/order-load: test/load/order_load.c $(CLIENT_SRC) $(CLIENT_HDR) test/load/load.mk
	mkdir -p build
	$(CC) $(CLIENT_CFLAGS) -I$(CLIENT_DIR) -o $@ test/load/order_load.c $(CLIENT_SRC) $(CLIENT_LIBS)
