# The edge: see test/proxy/service.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('service');
