# The edge: see test/proxy/performance.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('performance');
