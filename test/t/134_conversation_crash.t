# The edge: see test/proxy/conversation_crash.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('conversation_crash');
