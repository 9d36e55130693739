# proxy.mk
#	  tradepost-proxy: REST and WebSocket in front of the exchange.  The top-level Makefile
#	  includes this; it also works alone (`make -f proxy/proxy.mk proxy`), from the top
#	  directory.
#
#	  proxy            build/tradepost-proxy
#	  proxy SANITIZE=1 build/asan/tradepost-proxy, with ASan and UBSan (clang, if it is there)
#	  proxy-unit       build/unit/test_proxy_*, build/asan/unit/test_proxy_*; proxy-unit-test runs them
#
#	  Unit tests are of the pure parts: each is one file of test/proxy_unit, linked against
#	  all of the proxy but its main program.

PROXY_SRC := $(sort $(wildcard proxy/src/*.c))
PROXY_VERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" extension/tradepost.control)
PROXY_PACKAGES := libwebsockets libuv libpq jansson libjwt libsodium hiredis openssl zlib liboath libqrencode libcurl
PROXY_CC ?= cc
PROXY_PREFIX := $(or $(PREFIX),/usr/local)
PROXY_CLANG ?= $(firstword $(shell command -v clang clang-19 clang-14 2>/dev/null))
PROXY_WERROR := $(if $(filter 0,$(WERROR)),,-Werror)
# Other people's headers are not ours to warn about.
PROXY_INCLUDES = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PROXY_PACKAGES)))
PROXY_CFLAGS = -std=gnu11 -g -Wall -Wextra -Wno-missing-field-initializers $(PROXY_WERROR) -D_GNU_SOURCE \
	-fstack-protector-strong -iquote proxy/src -iquote build/proxy -iquote build $(PROXY_INCLUDES) -DTP_PROXY_VERSION='"$(PROXY_VERSION)"'
PROXY_LIBS = $(shell pkg-config --libs $(PROXY_PACKAGES)) -lm -pthread

# Some compilers define it by themselves.
PROXY_PLAIN := -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
PROXY_SANITIZED := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined

PROXY_OBJ_DIR ?= build/proxy/obj
PROXY_OBJ := $(PROXY_SRC:proxy/src/%.c=$(PROXY_OBJ_DIR)/%.o)
PROXY_ASAN_OBJ := $(PROXY_SRC:proxy/src/%.c=build/proxy/asan/%.o)
PROXY_TESTS := $(basename $(notdir $(wildcard test/proxy_unit/test_*.c)))
PROXY_UNIT := $(PROXY_TESTS:%=build/unit/%)
PROXY_ASAN_UNIT := $(PROXY_TESTS:%=build/asan/unit/%)
PROXY_ASAN_CC = $(or $(PROXY_CLANG),$(PROXY_CC))

TEST_PREREQS += build/tradepost-proxy $(PROXY_UNIT) $(PROXY_ASAN_UNIT)

.PHONY: proxy proxy-objects proxy-unit proxy-unit-test install-proxy
proxy: $(if $(filter 1,$(SANITIZE)),build/asan/tradepost-proxy,build/tradepost-proxy) ## the proxy (SANITIZE=1: with ASan and UBSan)
proxy-objects: $(PROXY_OBJ)
proxy-unit: $(PROXY_UNIT) $(PROXY_ASAN_UNIT)
proxy-unit-test: proxy-unit
	prove -e '' $(PROXY_UNIT) $(PROXY_ASAN_UNIT)

install-proxy: build/tradepost-proxy ## the proxy, what it serves, and its systemd unit, below PREFIX (/usr/local)
	install -D -m 755 build/tradepost-proxy '$(DESTDIR)$(PROXY_PREFIX)/bin/tradepost-proxy'
	install -D -m 644 proxy/openapi.yaml '$(DESTDIR)$(PROXY_PREFIX)/share/tradepost/openapi.yaml'
	install -D -m 644 .env.example '$(DESTDIR)$(PROXY_PREFIX)/share/tradepost/env.example'
	mkdir -p '$(DESTDIR)$(PROXY_PREFIX)/share/tradepost/www' '$(DESTDIR)$(PROXY_PREFIX)/lib/systemd/system'
	cp -r proxy/www/. '$(DESTDIR)$(PROXY_PREFIX)/share/tradepost/www/'
	sed 's#/usr/local/bin/#$(PROXY_PREFIX)/bin/#' proxy/tradepost-proxy.service > '$(DESTDIR)$(PROXY_PREFIX)/lib/systemd/system/tradepost-proxy.service'

build/tradepost-proxy: $(PROXY_OBJ)
	$(PROXY_CC) -Wl,-z,relro,-z,now -o $@ $^ $(PROXY_LIBS)

build/asan/tradepost-proxy: $(PROXY_ASAN_OBJ)
	mkdir -p $(@D)
	$(PROXY_ASAN_CC) -fsanitize=address,undefined -o $@ $^ $(PROXY_LIBS)

$(PROXY_OBJ_DIR)/%.o: proxy/src/%.c build/proxy/errcodes_http.h build/texts_list.h build/proxy/packages
	mkdir -p $(@D)
	$(PROXY_CC) $(PROXY_CFLAGS) $(PROXY_PLAIN) -MMD -MP -MF $(@:.o=.d) -c -o $@ $<

build/proxy/asan/%.o: proxy/src/%.c build/proxy/errcodes_http.h build/texts_list.h build/proxy/packages
	mkdir -p $(@D)
	$(PROXY_ASAN_CC) $(PROXY_CFLAGS) $(PROXY_SANITIZED) -MMD -MP -MF $(@:.o=.d) -c -o $@ $<

# What is missing is said by name, rather than by the first header that is not found.
build/proxy/packages: proxy/proxy.mk
	mkdir -p $(@D)
	pkg-config --exists --print-errors $(PROXY_PACKAGES) || { docker/stack/deps.sh explain build >&2; exit 1; }
	touch $@

# As a library, so that a test may stand in for a part whose functions it defines all.
build/proxy/libproxy.a: $(filter-out %/proxy_main.o,$(PROXY_OBJ))
	rm -f $@ && ar rcs $@ $^

build/proxy/libproxy_asan.a: $(filter-out %/proxy_main.o,$(PROXY_ASAN_OBJ))
	rm -f $@ && ar rcs $@ $^

$(PROXY_UNIT): build/unit/%: test/proxy_unit/%.c $(wildcard test/proxy_unit/*.h) test/fuzz/tap.h build/proxy/libproxy.a
	mkdir -p $(@D)
	$(PROXY_CC) $(PROXY_CFLAGS) $(PROXY_PLAIN) -Itest/fuzz -o $@ $< build/proxy/libproxy.a $(PROXY_LIBS)

$(PROXY_ASAN_UNIT): build/asan/unit/%: test/proxy_unit/%.c $(wildcard test/proxy_unit/*.h) test/fuzz/tap.h build/proxy/libproxy_asan.a
	mkdir -p $(@D)
	$(PROXY_ASAN_CC) $(PROXY_CFLAGS) $(PROXY_SANITIZED) -Itest/fuzz -o $@ $< build/proxy/libproxy_asan.a $(PROXY_LIBS)

build/proxy/errcodes_http.h: extension/errcodes.txt docker/stack/errcodes.sh
	mkdir -p $(@D)
	docker/stack/errcodes.sh proxy < $< > $@.new && mv $@.new $@

# The top-level Makefile has it too: alone, this file has to make it itself.
ifndef STACK
build/texts_list.h: extension/texts.txt docker/stack/texts.sh
	mkdir -p $(@D)
	docker/stack/texts.sh < $< > $@.new && mv $@.new $@
endif

ifndef TP_VERSION
ifneq ($(V),1)
.SILENT:
endif
endif

-include $(wildcard $(PROXY_OBJ_DIR)/*.d build/proxy/asan/*.d)
