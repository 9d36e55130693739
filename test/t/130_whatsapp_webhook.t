# The edge: see test/proxy/whatsapp_webhook.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('whatsapp_webhook');
