# Messages to phones, by Twilio's API: see test/proxy/whatsapp_sender.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('whatsapp_sender');
