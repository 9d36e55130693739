# 060_replay.t
#	  A command stream with known fills and books through the whole SQL path: the shipped
#	  one always, the AMZN day of ../shared/data where it is there; and that the program
#	  tells what is wrong with an answer or a file.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use TradepostTest;

my $replay = "$ENV{TRADEPOST_BUILD}/replay";
my $fixtures = "$ENV{TRADEPOST_ROOT}/test/replay/fixtures";
my $data = "$ENV{TRADEPOST_ROOT}/../shared/data";
my $scratch = PostgreSQL::Test::Utils::tempdir();
my $node = tradepost_node('replay');

tradepost_db($node, 'replay');
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGDATABASE} = 'replay';

# Runs the program; returns exit status, last line, everything printed, stderr.
sub replay
{
	my ($out, $err) = ('', '');

	IPC::Run::run([ $replay, @_ ], '<', \undef, '>', \$out, '2>', \$err);
	my $status = $? >> 8;
	my ($last) = $out =~ /([^\n]*)\n\z/;
	return ($status, $last // '', $out, $err);
}

sub replay_ok
{
	my ($name, $expected, @arguments) = @_;
	my ($status, $last, $out, $err) = replay(@arguments);

	like($last, qr/^\Q$expected\E, \d+ orders\/s\z/, "$name: last line");
	is($status, 0, "$name: exit status") or diag("$out$err");
}

sub spew
{
	my ($name, $text) = @_;

	open(my $file, '>', "$scratch/$name") or die "$scratch/$name: $!";
	print $file $text;
	close($file);
	return "$scratch/$name";
}

sub gunzipped
{
	my ($name) = @_;
	my $text = '';

	IPC::Run::run([ 'gzip', '-dc', "$fixtures/$name.csv.gz" ], '>', \$text) or die "cannot read $name";
	return $text;
}

my %text = map { $_ => gunzipped($_) } qw(commands fills checks book);
my @shipped = map { "--$_=$fixtures/$_.csv.gz" } qw(commands fills checks book);
my $fills = () = $text{fills} =~ /\n/g;
my $rows = () = $text{checks} =~ /\n/g;
my $known = sprintf('fills %d/%d, book rows %d/%d, rejected 0', $fills - 1, $fills - 1, $rows - 1, $rows - 1);

# The shipped stream: whole, in batches that split it elsewhere, plain, and without the books.
replay_ok('shipped stream', $known, @shipped);
replay_ok('small batches', $known, @shipped, '--batch=97');
my @plain = map { "--$_=" . spew("$_.csv", $text{$_}) } qw(commands fills checks book);
replay_ok('plain files', $known, @plain);
replay_ok('fills alone', sprintf('fills %d/%d, book rows 0/0, rejected 0', $fills - 1, $fills - 1), @shipped[0, 1]);

# It is what its generator writes.
mkdir "$scratch/again";
system("$ENV{TRADEPOST_BUILD}/replay-generate", "$scratch/again", 7, 12000, 3) == 0 or die 'replay-generate failed';
is(slurp_file("$scratch/again/$_.csv"), $text{$_}, "$_: generated anew, the same") for qw(commands fills checks book);

# Another one: other depth, other orders.
mkdir "$scratch/deep";
system("$ENV{TRADEPOST_BUILD}/replay-generate", "$scratch/deep", 20231, 4000, 8) == 0 or die 'replay-generate failed';
{
	my ($status, $last) = replay(map { "--$_=$scratch/deep/$_.csv" } qw(commands fills checks book));
	is($status, 0, "generated, 8 levels: $last");
}

# Prices below zero: everything 5000 lower, which makes it a contract.
{
	my %lower = %text;

	$lower{commands} =~ s/^((?:[^,\n]*,){6})(\d+)/$1 . ($2 - 5000000)/gme;
	$lower{fills} =~ s/^(\d+,\d+,)(\d+)/$1 . ($2 - 5000000)/gme;
	my ($status, $last, $out, $err) = replay(map { "--$_=" . spew("lower_$_.csv", $lower{$_}) } qw(commands fills));
	is($status, 0, "prices below zero: $last") or diag("$out$err");
}

# Wrong answers are found and told.
{
	my $wrong = $text{fills} =~ s/\n(\d+),(\d+),(\d+),(\d+)\n\z/"\n$1,$2,$3," . ($4 + 5) . "\n"/er;
	my ($status, $last, $out) = replay($shipped[0], '--fills=' . spew('wrong.csv', $wrong));

	is($status, 1, 'a fill that should differ: exit status');
	like($last, qr/^fills @{[ $fills - 2 ]}\/@{[ $fills - 1 ]}, book rows 0\/0, rejected 0, /, 'a fill that should differ: counted');
	like($out, qr/^command \d+, fill \d+: should be maker \d+, \d+ at \d+; is maker \d+, \d+ at \d+$/m, 'a fill that should differ: told');

	(my $fewer = $text{fills}) =~ s/[^\n]*\n\z//;
	($status, $last, $out) = replay($shipped[0], '--fills=' . spew('fewer.csv', $fewer));
	is($status, 1, 'a fill too many: exit status');
	like($out, qr/^command \d+, fill \d+: should not be; /m, 'a fill too many: told');

	(my $book = $text{book}) =~ s/^(\d+),(\d+)/"$1," . ($2 + 5)/e;
	($status, $last, $out) = replay(@shipped[0 .. 2], '--book=' . spew('wrong_book.csv', $book));
	is($status, 1, 'a book row that should differ: exit status');
	like($last, qr/, book rows @{[ $rows - 2 ]}\/@{[ $rows - 1 ]}, /, 'a book row that should differ: counted');
	like($out, qr/^book row 1, after command \d+: ask level 1 should be /m, 'a book row that should differ: told');
}

# Files that are not as they must be are named, with the line.
sub refused
{
	my ($name, $pattern, @arguments) = @_;
	my ($status, $last, $out, $err) = replay(@arguments);

	is($status, 2, "$name: exit status");
	like($err, $pattern, "$name: told");
}

(my $unsorted = $text{commands}) =~ s/^(3,.*\n)(4,.*\n)/$2$1/m;
refused('unsorted', qr/unsorted\.csv, line 5: seq 3 comes after 4/, '--commands=' . spew('unsorted.csv', $unsorted), $shipped[1]);
(my $garbled = $text{commands}) =~ s/^(7,.*),(\d+),(\d*)$/$1,x$2,$3/m;
refused('garbled', qr/garbled\.csv, line 8: qty "x\d+" is no whole number/, '--commands=' . spew('garbled.csv', $garbled), $shipped[1]);
refused('cut off', qr/short\.csv, line \d+: \d fields where 9 are due/,
	'--commands=' . spew('short.csv', substr($text{commands}, 0, index($text{commands}, "\n", 5000) + 9)), $shipped[1]);
refused('too short', qr/fills\.csv\.gz, line \d+: seq \d+ is no command of .*few\.csv/,
	'--commands=' . spew('few.csv', join('', map { "$_\n" } (split /\n/, $text{commands})[ 0 .. 200 ])), $shipped[1]);
refused('cut compressed', qr/cut\.gz, line \d+: the file ends too early/,
	'--commands=' . spew('cut.gz', substr(slurp_file("$fixtures/commands.csv.gz"), 0, 50000)), $shipped[1]);
refused('empty', qr/empty\.csv, line 1: the file is empty/, '--commands=' . spew('empty.csv', ''), $shipped[1]);
refused('no such file', qr/cannot open .*nowhere\.csv: No such file/, "--commands=$scratch/nowhere.csv", $shipped[1]);
refused('cancel of nothing', qr/nothing\.csv, line 2: order 5 was not placed before/,
	'--commands=' . spew('nothing.csv', "seq,row,time,cmd,id,side,price,qty,tag\n1,,,CANCEL,5,B,100,1,\n"), $shipped[1]);
refused('no fills given', qr/^replay: the fills' file is missing\nUsage: /, $shipped[0]);
refused('checks without book', qr/checks and book go together/, @shipped[0 .. 2]);

SKIP:
{
	my $day = "$data/AMZN_stream";

	skip('the AMZN day is not here: no ../shared/data', 2) unless -r "${day}_commands.csv.gz";
	replay_ok('AMZN', 'fills 8964/8964, book rows 153532/153532, rejected 0', "--commands=${day}_commands.csv.gz", "--fills=${day}_fills.csv.gz",
		"--checks=${day}_checks.csv.gz", "--book=$data/AMZN_2012-06-21_34200000_57600000_orderbook_5.csv.gz");
}

$node->stop;
done_testing();
