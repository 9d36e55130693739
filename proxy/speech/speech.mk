# speech.mk
#	  tradepost-speech: the process that hears voice notes.  The top-level Makefile includes
#	  this after proxy.mk; `make -f proxy/proxy.mk -f proxy/speech/speech.mk speech` works too.
#
#	  speech            build/tradepost-speech
#	  speech SANITIZE=1 build/asan/tradepost-speech
#	  speech-unit       build/unit/test_speech_*, build/asan/unit/test_speech_*
#
#	  Without pocketsphinx it is built with its other provider alone; without libopus or
#	  libogg not at all, and the proxy says so.

SPEECH_HAS_SPHINX := $(shell pkg-config --exists pocketsphinx sphinxbase 2>/dev/null && echo yes)
SPEECH_HAS_OPUS := $(shell pkg-config --exists opus ogg 2>/dev/null && echo yes)
SPEECH_PACKAGES := opus ogg jansson libcurl $(if $(SPEECH_HAS_SPHINX),pocketsphinx sphinxbase)
SPEECH_SRC := $(filter-out %/$(if $(SPEECH_HAS_SPHINX),hearing_no_sphinx.c,hearing_sphinx.c),$(sort $(wildcard proxy/speech/src/*.c)))
# What it shares with the proxy, compiled for it anew.
SPEECH_SHARED := proxy/src/buffer.c proxy/src/speech_frame.c proxy/src/utf8.c
SPEECH_INCLUDES = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(SPEECH_PACKAGES)))
SPEECH_LIBS = $(filter-out -lsphinxad,$(shell pkg-config --libs $(SPEECH_PACKAGES))) -lm
SPEECH_MODEL_DIR := $(if $(SPEECH_HAS_SPHINX),$(shell pkg-config --variable=modeldir pocketsphinx)/en-us)
SPEECH_CFLAGS = -std=gnu11 -g -Wall -Wextra -Wno-missing-field-initializers $(PROXY_WERROR) -D_GNU_SOURCE \
	-fstack-protector-strong -iquote proxy/speech/src -iquote proxy/src $(SPEECH_INCLUDES) \
	-DTP_PROXY_VERSION='"$(PROXY_VERSION)"' $(if $(SPEECH_MODEL_DIR),-DTP_SPHINX_MODEL='"$(SPEECH_MODEL_DIR)"')
SPEECH_OBJ_DIR ?= build/proxy/speech

speech_objects = $(patsubst proxy/src/%.c,$(1)/%.o,$(SPEECH_SHARED)) $(patsubst proxy/speech/src/%.c,$(1)/%.o,$(SPEECH_SRC))
SPEECH_OBJ := $(call speech_objects,$(SPEECH_OBJ_DIR))
SPEECH_ASAN_OBJ := $(call speech_objects,build/proxy/speech-asan)

SPEECH_PROGRAM := $(if $(SPEECH_HAS_OPUS),build/tradepost-speech)
SPEECH_ASAN_PROGRAM := $(if $(SPEECH_HAS_OPUS),build/asan/tradepost-speech)

proxy: $(if $(filter 1,$(SANITIZE)),$(SPEECH_ASAN_PROGRAM),$(SPEECH_PROGRAM))
TEST_PREREQS += $(SPEECH_PROGRAM) $(SPEECH_ASAN_PROGRAM)

.PHONY: speech speech-objects
ifneq ($(SPEECH_HAS_OPUS),)
speech: $(if $(filter 1,$(SANITIZE)),$(SPEECH_ASAN_PROGRAM),$(SPEECH_PROGRAM)) ## the process that hears voice notes
speech-objects: $(SPEECH_OBJ)
else
speech:
	echo 'tradepost-speech needs libopus and libogg:' >&2; docker/stack/deps.sh explain build >&2; exit 1
speech-objects:
endif

build/tradepost-speech: $(SPEECH_OBJ)
	$(PROXY_CC) -Wl,-z,relro,-z,now -o $@ $^ $(SPEECH_LIBS)

build/asan/tradepost-speech: $(SPEECH_ASAN_OBJ)
	mkdir -p $(@D)
	$(PROXY_ASAN_CC) -fsanitize=address,undefined -o $@ $^ $(SPEECH_LIBS)

define SPEECH_RULES
$(1)/%.o: proxy/speech/src/%.c proxy/speech/speech.mk
	mkdir -p $$(@D)
	$(2) $$(SPEECH_CFLAGS) $(3) -MMD -MP -MF $$(@:.o=.d) -c -o $$@ $$<

$(1)/%.o: proxy/src/%.c
	mkdir -p $$(@D)
	$(2) $$(SPEECH_CFLAGS) $(3) -MMD -MP -MF $$(@:.o=.d) -c -o $$@ $$<

-include $$(wildcard $(1)/*.d)
endef
$(eval $(call SPEECH_RULES,$(SPEECH_OBJ_DIR),$$(PROXY_CC),$$(PROXY_PLAIN)))
$(eval $(call SPEECH_RULES,build/proxy/speech-asan,$$(PROXY_ASAN_CC),$$(PROXY_SANITIZED)))

install-speech: $(SPEECH_PROGRAM)
	$(if $(SPEECH_PROGRAM),install -D -m 755 build/tradepost-speech '$(DESTDIR)$(PROXY_PREFIX)/bin/tradepost-speech')
install-proxy: install-speech
