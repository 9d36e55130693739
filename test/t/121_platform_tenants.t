# The edge: see test/proxy/tenants.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('tenants');
