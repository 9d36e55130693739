# upgrade.mk
#	  Builds what test/t/020_upgrade.t installs: the made-up extension's scripts, by the
#	  same assembly as ours, and the frozen install scripts of our earlier versions.

FIXTURE := test/upgrade/fixture
FIXTURE_DEPS := $(wildcard $(FIXTURE)/*/*/*.sql $(FIXTURE)/*.sql) extension/errcodes.txt $(STACK)/assemble.sh $(STACK)/errcodes.sh
FIXTURE_FILES := build/fixture/tradepost_fixture--0.9.sql build/fixture/tradepost_fixture--0.9--1.0.sql \
	build/fixture/tradepost_fixture--1.0.sql

TEST_PREREQS += $(FIXTURE_FILES)
TEST_EXTENSION_FILES += $(FIXTURE)/tradepost_fixture.control $(FIXTURE_FILES) $(wildcard test/upgrade/tradepost--*.sql)

build/fixture/tradepost_fixture--0.9.sql: $(FIXTURE_DEPS)
	mkdir -p $(@D)
	EXTENSION_NAME=tradepost_fixture $(STACK)/assemble.sh install $(FIXTURE)/old 0.9 > $@.new && mv $@.new $@

build/fixture/tradepost_fixture--1.0.sql: $(FIXTURE_DEPS)
	mkdir -p $(@D)
	EXTENSION_NAME=tradepost_fixture $(STACK)/assemble.sh install $(FIXTURE)/new 1.0 > $@.new && mv $@.new $@

build/fixture/tradepost_fixture--0.9--1.0.sql: $(FIXTURE_DEPS)
	mkdir -p $(@D)
	EXTENSION_NAME=tradepost_fixture $(STACK)/assemble.sh update $(FIXTURE)/new 1.0 $(FIXTURE)/0.9--1.0.sql > $@.new && mv $@.new $@
