# The edge: see test/proxy/abuse.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('abuse');
