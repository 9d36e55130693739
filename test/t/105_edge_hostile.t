# The edge: see test/proxy/hostile.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('hostile');
