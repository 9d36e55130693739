# The edge: see test/proxy/subscriptions.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('subscriptions');
