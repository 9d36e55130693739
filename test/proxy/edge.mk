# What the tests of the edge need: the proxy with sanitizers, and the clients from npm.

TEST_PREREQS += build/asan/tradepost-proxy test/proxy/node_modules/.installed

test/proxy/node_modules/.installed: test/proxy/package-lock.json test/proxy/package.json
	cd test/proxy && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@
