# The edge: see test/proxy/restart.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('restart');
