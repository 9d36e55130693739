# The edge: see test/proxy/twilio_standin.test.mjs.
use strict;
use warnings;

use TradepostEdge;

TradepostEdge::run('twilio_standin');
