# The edge: see test/proxy/voice.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('voice');
