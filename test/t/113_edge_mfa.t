# The edge's second factor: see test/proxy/mfa.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('mfa');
