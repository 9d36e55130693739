# The edge: see test/proxy/socket.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('socket');
