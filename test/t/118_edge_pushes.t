# The edge: see test/proxy/pushes.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('pushes');
