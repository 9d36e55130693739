# The edge: see test/proxy/auth.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('auth');
