# The edge: see test/proxy/orders.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('orders');
