# The edge: see test/proxy/client.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('client');
