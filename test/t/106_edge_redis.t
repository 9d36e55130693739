# The edge: see test/proxy/redis.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('redis');
