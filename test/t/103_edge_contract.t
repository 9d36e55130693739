# The edge: see test/proxy/contract.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('contract');
