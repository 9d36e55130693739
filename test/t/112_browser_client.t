# WebSockets of a real browser: see test/browser/client.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('client', folder => 'browser', needs => 'chromium');
