# 051_performance.t
#	  GET trading/performance against a recomputation from the raw fills, fill by fill and lot
#	  by lot, written from the formulas in the function's comment and from nothing else: to the cent.
#
# Two histories: one of several months that is handed to the follower's functions in pages of all
# sizes, and one that the engine has decided and the follower has read.
# TRADEPOST_TEST_SEED repeats a run's choices.
use strict;
use warnings;

use JSON::PP;
use List::Util qw(max min sum0);
use Test::More;
use Time::Local;
use TradepostFollower;
use TradepostMarket;
use TradepostTest;

use constant HOUR => 3600;
use constant DAY => 86400;

my $seed = $ENV{TRADEPOST_TEST_SEED} // int(rand(1_000_000));
note("seed $seed");
srand($seed);

# The recomputation -----------------------------------------------------------
#
# A fill is {seq, maker, time (seconds), closing (order, or minus seq), symbol, side (0 bought, 1 sold), quantity, price, commission, source}.

# What each closing fill closed of each lot, oldest lot first.
sub pieces_of
{
	my ($fills, $multiplier) = @_;
	my (%lots, @pieces);

	for my $fill (sort { $a->{seq} <=> $b->{seq} || $a->{maker} <=> $b->{maker} } @$fills)
	{
		my $lots = $lots{ $fill->{symbol} } //= [];
		my $left = $fill->{quantity};
		my $rate = $fill->{commission} / $fill->{quantity};

		while ($left > 1e-9 && @$lots && $lots->[0]{side} != $fill->{side})
		{
			my $lot = $lots->[0];
			my $take = min($left, $lot->{left});

			push @pieces, {
				seq => $fill->{seq}, maker => $fill->{maker}, time => $fill->{time}, closing => $fill->{closing}, symbol => $fill->{symbol}, source => $lot->{source}, quantity => $take,
				gross => $take * $multiplier->{ $fill->{symbol} } * ($fill->{price} - $lot->{price}) * ($fill->{side} == 1 ? 1 : -1),
				commission => $take * ($rate + $lot->{rate}),
				held => $take * ($fill->{time} - $lot->{time}),
			};
			$left -= $take;
			$lot->{left} -= $take;
			shift @$lots if $lot->{left} < 1e-9;
		}
		push @$lots, { %$fill, left => $left, rate => $rate } if $left > 1e-9;
	}
	return @pieces;
}

sub average { return @_ ? sum0(@_) / @_ : undef; }

sub figures_of
{
	my ($pieces, $since, $until) = @_;
	my (%trades, %steps, %days);

	for my $piece (@$pieces)
	{
		my $trade = $trades{"$piece->{closing} $piece->{source}"} //= { time => 0, map { $_ => 0 } qw(gross commission quantity held) };

		$trade->{$_} += $piece->{$_} for qw(gross commission quantity held);
		$trade->{time} = max($trade->{time}, $piece->{time});
	}
	my @trades = grep { $_->{time} >= $since && $_->{time} < $until } values %trades;
	# A cent's millionth of a rounding is neither profit nor loss.
	my @nets = map { my $net = $_->{gross} - $_->{commission}; abs($net) < 1e-7 ? 0 : $net } @trades;
	my @wins = grep { $_ > 0 } @nets;
	my @losses = grep { $_ < 0 } @nets;
	my @in = grep { $_->{time} >= $since && $_->{time} < $until } @$pieces;

	for my $piece (@in)
	{
		my $step = $steps{ sprintf '%020d%d', $piece->{seq}, $piece->{maker} } //= { time => $piece->{time}, net => 0 };

		$step->{net} += $piece->{gross} - $piece->{commission};
		$days{ int($piece->{time} / DAY) } += $piece->{gross} - $piece->{commission};
	}
	my ($equity, $high, $fall) = (0, 0, 0);
	my @curve;
	for my $step (map { $steps{$_} } sort keys %steps)
	{
		$equity += $step->{net};
		$high = max($high, $equity);
		$fall = max($fall, $high - $equity);
		push @curve, { time => $step->{time}, equity => $equity, drawdown => $high - $equity };
	}
	my %figures = (
		trades => scalar @trades, wins => scalar @wins, losses => scalar @losses,
		grossPnl => sum0(map { $_->{gross} } @in), commission => sum0(map { $_->{commission} } @in), netPnl => sum0(map { $_->{gross} - $_->{commission} } @in),
		winRate => @trades ? @wins / @trades : undef,
		profitFactor => @losses ? sum0(@wins) / -sum0(@losses) : undef,
		expectancy => average(@nets), averageWin => average(@wins), averageLoss => average(map { -$_ } @losses),
		averageHoldingSeconds => average(map { $_->{held} / $_->{quantity} } @trades),
		maxDrawdown => $fall, sharpe => undef, sortino => undef);

	if (%days)
	{
		my ($first, $last) = (min(keys %days), max(keys %days));
		my @daily = map { $days{$_} // 0 } $first .. $last;
		my $mean = average(@daily);
		my $variance = @daily > 1 ? sum0(map { ($_ - $mean)**2 } @daily) / (@daily - 1) : 0;
		my $downside = sqrt(average(map { min($_, 0)**2 } @daily));

		$figures{sharpe} = $mean / sqrt($variance) * sqrt(365) if $variance > 0;
		$figures{sortino} = $mean / $downside * sqrt(365) if $downside > 0;
	}
	return (\%figures, \@curve);
}

sub iso
{
	my ($second, $minute, $hour, $day, $month, $year) = gmtime(shift);
	return sprintf '%04d-%02d-%02dT%02d:%02d:%02dZ', $year + 1900, $month + 1, $day, $hour, $minute, $second;
}

sub seconds
{
	my ($time) = @_;
	my ($y, $mo, $d, $h, $mi, $s) = $time =~ /\A(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+\.\d+)Z\z/ or die "no time: $time";
	return timegm(0, $mi, $h, $d, $mo - 1, $y) + $s;
}

# The server's answer ------------------------------------------------------------

my $node = tradepost_node('performance');
open_market($node, 'market');

# To the cent in money; ratios to what is shown.
my %tolerance = (winRate => 1e-6, profitFactor => 1e-5, sharpe => 1e-5, sortino => 1e-5, averageHoldingSeconds => 0.002);

sub same
{
	my ($field, $got, $wanted) = @_;
	return !defined $got && !defined $wanted unless defined $got && defined $wanted;
	return abs($got - $wanted) <= ($tolerance{$field} // 0.005) * max(1, exists $tolerance{$field} ? abs($wanted) : 1);
}

sub performance
{
	my ($user, %query) = @_;
	my $args = encode_json({ query => \%query }) =~ s/'/''/gr;

	return decode_json($node->safe_psql('market', "SELECT tradepost_edge.performance($user, (SELECT s.id FROM tradepost_internal.sessions s WHERE s.user_id = $user), '$args')"))->{performance};
}

sub performance_ok
{
	my ($name, $user, $pieces, $since, $until, %query) = @_;
	my $answer = performance($user, %query);
	my @pieces = grep { (!$query{symbol} || $_->{symbol} eq $query{symbol}) && (!$query{source} || $_->{source} eq $query{source}) } @$pieces;
	my ($wanted, $steps) = figures_of(\@pieces, $since, $until);
	my @wrong = map { "$_ is " . ($answer->{$_} // 'null') . ', recomputed ' . ($wanted->{$_} // 'null') } grep { !same($_, $answer->{$_}, $wanted->{$_}) } sort keys %$wanted;

	is("@wrong", '', "$name: $wanted->{trades} trades, " . join(', ', map { "$_ " . sprintf('%.2f', $wanted->{$_} // 0) } qw(netPnl maxDrawdown sharpe)));

	# Each point is the equity after the last step before it.
	my $curve = $answer->{equityCurve};
	my ($at, $off) = (-1, '');
	for my $point (@$curve)
	{
		my $time = seconds($point->{time});

		$at++ while $at < $#$steps && $steps->[ $at + 1 ]{time} < $time;
		$off = "$point->{time}: $point->{equity}, $point->{drawdown}; recomputed $steps->[$at]{equity}, $steps->[$at]{drawdown}"
		  if $at < 0 || abs($point->{equity} - $steps->[$at]{equity}) > 0.005 || abs($point->{drawdown} - $steps->[$at]{drawdown}) > 0.005;
	}
	is($off, '', "$name: the equity curve, " . @$curve . ' points');
	ok(@$curve <= 500 && (@$curve > 0) == (@$steps > 0) && $at == $#$steps, "$name: at most 500, and the last is the end");
	return $answer;
}

sub add_session
{
	my ($account) = @_;
	my ($user) = $node->safe_psql('market', "SELECT id FROM tradepost_internal.users WHERE account = $account");

	$node->safe_psql('market', "SELECT tradepost.set_tier($user, 'pro'); INSERT INTO tradepost_internal.sessions (user_id, expires_at) VALUES ($user, now() + interval '1 day')");
	return $user;
}

# A history of months -----------------------------------------------------------

my ($long, $short, $other) = market_accounts();
add_users($node, 'market', $long, $short, $other);
my %users = map { $_ => add_session($_) } $long, $short, $other;
my %multiplier = (EURUSD => 1, GBPUSD => 1, 'Dec25-Wheat' => 1);
my %instruments = map { split /\|/ } split /\n/, $node->safe_psql('market', 'SELECT symbol, id FROM tradepost_internal.instruments');
my @symbols = sort keys %multiplier;
my @sources = ('model-a', 'model-b', 'manual');
my $begin = timegm(0, 0, 0, 3, 5, 2024 - 1900);
my %fills;

# The follower must not see pages that are handed over by hand.
$node->append_conf('postgresql.conf', 'tradepost.follower = off');
$node->reload;
ok(wait_until($node, 'market', "SELECT state = 'off' AND pid IS NULL FROM tradepost.follower_status", 't'), 'the follower is off');
{
	my ($seq, $time) = (1_000_000, $begin);
	my $order = 5_000_000;
	my %price = (EURUSD => 110, GBPUSD => 130, 'Dec25-Wheat' => 100);
	my (@page, @orders, @pages);
	my $after = $seq;

	for my $n (1 .. 4000)
	{
		my $account = ($long, $short)[ int rand 2 ];
		my $symbol = $symbols[ int rand @symbols ];
		my $side = int rand 2;

		# Now and then an order goes on filling for a while; some fills are nobody's order.
		my $id = rand() < 0.05 ? undef : (rand() < 0.5 && @orders && $orders[-1]{account} == $account ? $orders[-1]{id} : undef);
		if (defined $id)
		{
			($symbol, $side) = @{ $orders[-1] }{ 'symbol', 'side' };
		}
		elsif (rand() < 0.95)
		{
			$id = ++$order;
			push @orders, { id => $id, account => $account, symbol => $symbol, side => $side, source => $sources[ int rand @sources ] };
		}
		$seq += 1 + int rand 3;
		# Mostly minutes, sometimes days without anything.
		$time += rand() < 0.01 ? rand(3 * DAY) : rand(0.6 * HOUR);
		$price{$symbol} += (int(rand 101) - 50) / 100;
		my $fill = {
			seq => $seq, maker => int rand 2, time => int($time * 1e6) / 1e6, closing => $id // -$seq, symbol => $symbol, side => $side, quantity => (1 + int rand 50) / 10,
			price => sprintf('%.2f', $price{$symbol}), commission => int(rand 200) / 100, source => defined $id ? $orders[-1]{source} : 'manual' };
		push @{ $fills{$account} }, $fill;
		push @page, sprintf("ROW(%d, to_timestamp(%.6f), %d, %s, %d, %d, %d, %s, %s, %s, %s, 0)::tradepost_internal.news", $seq, $fill->{time}, $account, $id // 'NULL', $instruments{$symbol},
			defined $id ? 3 : (3, 16, 18, 19)[ int rand 4 ], $side, $fill->{maker} ? 'true' : 'false', $fill->{quantity}, $fill->{price}, $fill->{commission});
		next if rand() > (@page < 20 ? 0.05 : 0.01) && $n < 4000;
		push @pages, "SELECT tradepost_internal.keep_fills($after, ARRAY[" . join(', ', @page) . ']);';
		$after = $seq;
		@page = ();
	}
	$node->safe_psql('market', join("\n", 'INSERT INTO tradepost_internal.order_sources (order_id, source) VALUES ' . join(', ', map { "($_->{id}, '$_->{source}')" } grep { $_->{source} ne 'manual' } @orders) . ';', @pages));
	note(scalar(@pages) . ' pages, until ' . iso($time));

	for my $account ($long, $short)
	{
		my @pieces = pieces_of($fills{$account}, \%multiplier);
		my $user = $users{$account};
		my $end = (int($time / HOUR) + 1) * HOUR;
		my $all = performance_ok("account $account, all", $user, \@pieces, 0, $end, period => 'all');

		is($all->{currency}, 'USD', 'currency');
		is(sum0(map { $_->{trades} } @{ $all->{bySource} }), $all->{trades}, 'the sources sum to all');
		ok(abs(sum0(map { $_->{netPnl} } @{ $all->{bySymbol} }) - $all->{netPnl}) < 0.005, 'so do the symbols');
		performance_ok("account $account, $_", $user, \@pieces, 0, $end, period => 'all', symbol => $_) for @symbols;
		performance_ok("account $account, $_", $user, \@pieces, 0, $end, period => 'all', source => $_) for @sources;
		performance_ok("account $account, both", $user, \@pieces, 0, $end, period => 'all', symbol => $symbols[0], source => $sources[0]);
		for my $n (1 .. 6)
		{
			# Some within a day, some over months.
			my $since = $begin + HOUR * int rand(($time - $begin) / HOUR);
			my $until = min($end, $since + HOUR * (1 + int rand($n < 3 ? 30 : 2000)));

			performance_ok("account $account, " . iso($since) . ' to ' . iso($until), $user, \@pieces, $since, $until, since => iso($since), until => iso($until), ($n % 2 ? (source => 'model-a') : ()));
			# Rounded outwards to full hours.
			performance_ok("account $account, some minutes within", $user, \@pieces, $since, $until, since => iso($since + 59 * 60), until => iso($until - 59 * 60)) if $until - $since > 2 * HOUR;
		}
		performance_ok("account $account, a year that is over", $user, \@pieces, $end, $end + DAY, since => iso($end), until => iso($end + DAY));
	}
	my $none = performance($users{$other}, period => 'all');
	is_deeply([ @$none{qw(trades currency netPnl winRate sharpe equityCurve)} ], [ 0, undef, '0', undef, undef, [] ], 'who has not traded has nothing');
	is($node->safe_psql('market', "SELECT count(*) > 0 FROM (SELECT FROM tradepost_internal.closed_trades GROUP BY account, closing HAVING count(*) > 1) c"), 't', 'some orders closed lots of several sources');
}

# A history that the engine has made -------------------------------------------------

$node->safe_psql('market', 'TRUNCATE tradepost_internal.fills, tradepost_internal.fill_positions, tradepost_internal.closed_trades, tradepost_internal.performance_spans');
$node->append_conf('postgresql.conf', 'tradepost.follower = on');
$node->reload;
$node->safe_psql('market', <<"EOF");
SELECT setseed(${\ ($seed / 1_000_000) });
DO \$\$
DECLARE
	made bigint[];
BEGIN
	FOR i IN 1..60 LOOP
		SELECT tradepost.place_orders(array_agg((ARRAY[$long, $short])[1 + floor(random() * 2)::int]), array_agg((ARRAY['EURUSD', 'GBPUSD', 'Dec25-Wheat'])[1 + floor(random() * 3)::int]),
			array_agg((ARRAY['buy', 'sell'])[1 + floor(random() * 2)::int]::tradepost.side), array_agg((1 + floor(random() * 20))::numeric), array_agg(95 + round((random() * 10)::numeric, 2)), NULL,
			array_fill('gtc'::tradepost.time_in_force, ARRAY[20]), NULL, NULL, array_fill((ARRAY['none', 'cancel_taker'])[1 + i % 2]::tradepost.stp, ARRAY[20]))
		INTO made FROM generate_series(1, 20);
		INSERT INTO tradepost_internal.order_sources (order_id, source) SELECT id, (ARRAY['model-a', 'model-b'])[1 + (id / 3 % 2)::int] FROM unnest(made) id WHERE id % 3 = 0;
		COMMIT;
	END LOOP;
END \$\$;
SELECT tradepost.settle_instrument('Dec25-Wheat', 101);
EOF
settle($node, 'market');
followed_ok($node, 'market', 'after trading');

# Somebody falls below the maintenance margin: what the book does not take goes to the insurance account.
my $weak = $node->safe_psql('market', "SELECT tradepost.open_account('weak')");
add_users($node, 'market', $weak);
$users{$weak} = add_session($weak);
$node->safe_psql('market', <<"EOF");
SELECT tradepost.create_instrument('Mar26-Wheat', 'future', 'Wheat', 'USD', 0.01, 1, 100, initial_margin => 10, maintenance_margin => 5, band => 50, mark_step => 50);
SELECT tradepost.deposit($weak, 'USD', 1000);
SELECT tradepost.place_order($long, 'Mar26-Wheat', 'sell', 90, 100);
SELECT tradepost.place_order($weak, 'Mar26-Wheat', 'buy', 90, 100);
SELECT tradepost.place_order($short, 'Mar26-Wheat', 'buy', 30, 93);
SELECT tradepost.set_mark('Mar26-Wheat', 93);
EOF
$multiplier{'Mar26-Wheat'} = 1;
settle($node, 'market');
followed_ok($node, 'market', 'after a liquidation');
is($node->safe_psql('market', "SELECT string_agg(kind || ' ' || quantity, ', ' ORDER BY seq) FROM tradepost.trades WHERE taker_account = $weak"), 'trade 90, closed_out 30, taken_over 60', 'closed out, and taken over');
is($node->safe_psql('market', "SELECT string_agg(title, ', ' ORDER BY id) FROM tradepost_internal.notifications WHERE user_id = $users{$weak} AND kind = 'fills'"),
	'Bought 90 Mar26-Wheat at 100, Closed out: sold 30 Mar26-Wheat at 93, Closed out: sold 60 Mar26-Wheat at 93', 'and told so');

my $raw = decode_json($node->safe_psql('market', <<'EOF'));
SELECT json_agg(row_to_json(x)) FROM (
	SELECT s.*, coalesce(o.source, 'manual') AS source, extract(epoch FROM s.moment) AS time, coalesce(s.order_id, -s.seq) AS closing
	FROM (SELECT e.seq, 0 AS maker, e.time AS moment, nullif(e.taker_order_id, 0) AS order_id, e.symbol, e.taker_account AS account, (e.side = 'sell')::int AS side, e.quantity, e.price, e.taker_commission AS commission
			FROM tradepost.trades e
		UNION ALL
		SELECT e.seq, 1, e.time, e.maker_order_id, e.symbol, e.maker_account, (e.side = 'buy')::int, e.quantity, e.price, e.maker_commission FROM tradepost.trades e
		UNION ALL
		SELECT e.seq, 0, e.time, NULL, e.symbol, e.account, (e.side = 'buy')::int, e.quantity, e.price, 0 FROM tradepost.events e WHERE e.kind = 'settled') s
	LEFT JOIN tradepost_internal.order_sources o ON o.order_id = s.order_id) x
EOF
for my $account ($long, $short)
{
	my @pieces = pieces_of([ grep { $_->{account} == $account } @$raw ], \%multiplier);

	cmp_ok(scalar @pieces, '>', 100, "account $account closed something");
	performance_ok("account $account, by the engine", $users{$account}, \@pieces, 0, 9e9, period => '7d');
	performance_ok("account $account, by the engine, $_", $users{$account}, \@pieces, 0, 9e9, period => '1d', source => $_) for @sources;
}
my @lost = pieces_of([ grep { $_->{account} == $weak } @$raw ], \%multiplier);
performance_ok("account $weak, liquidated", $users{$weak}, \@lost, 0, 9e9, period => '1d');
$node->stop;
done_testing();
