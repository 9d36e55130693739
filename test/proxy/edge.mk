# What the tests of the edge need: the proxy with sanitizers, and the clients from npm.
# Where npm cannot reach its registry, the other tests run all the same.

TEST_PREREQS += build/asan/tradepost-proxy test/proxy/node_modules/.installed

test/proxy/node_modules/.installed: test/proxy/package-lock.json test/proxy/package.json
	if cd test/proxy && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; then touch node_modules/.installed; \
	else echo 'The packages from npm could not be installed: the tests of the edge will be skipped.' >&2; fi
