# The edge: see test/proxy/market.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('market');
