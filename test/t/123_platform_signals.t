# The edge: see test/proxy/signals.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('signals');
