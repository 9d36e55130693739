# The edge: see test/proxy/stops.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('stops');
