# The edge: see test/proxy/conversation.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('conversation');
