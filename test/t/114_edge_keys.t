# The edge's API keys, sessions, delivery and billing webhook: see test/proxy/keys.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('keys');
