# The edge: see test/proxy/notifications.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('notifications');
