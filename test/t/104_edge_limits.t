# The edge: see test/proxy/limits.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('limits');
