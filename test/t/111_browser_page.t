# The page at / in a real browser: see test/browser/page.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('page', folder => 'browser', needs => 'chromium');
