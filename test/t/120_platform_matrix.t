# The edge: see test/proxy/matrix.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('matrix');
