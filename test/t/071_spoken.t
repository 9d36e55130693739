# 071_spoken.t
#	  The corpus of messages through SQL: tradepost.parse_command() answers what
#	  test/spoken/*.tsv says, and nothing that must not trade is an order.
use strict;
use warnings;

use JSON::PP;
use Test::More;
use TradepostTest;

my $node = tradepost_node('spoken');
tradepost_db($node, 'spoken');
my $trades = qr/^(?:order|cancel|cancel_all|amend|confirm)$/;

# What differs between an answer and the line's expectation; the empty string if nothing does.
sub difference
{
	my ($expected, $got) = @_;

	return $got->{action} =~ $trades ? "trades: $got->{action}" : '' if $expected->{never};
	return "action $got->{action}" if $got->{action} ne $expected->{action};
	return ($got->{question} // '') eq '' ? 'no question' : '' if $expected->{fault};
	for my $key (qw(side type quantity price contract asset symbol id code))
	{
		return "$key " . ($got->{$key} // 'null') if ($got->{$key} // '') ne ($expected->{$key} // '');
	}
	return 'needs_confirmation'
	  if $expected->{action} eq 'order' && !$got->{needs_confirmation} != !$expected->{needs_confirmation};
	my @other = map { "$_->{quantity} at " . ($_->{price} // '') } @{ $got->{alternatives} };
	my @wanted = map { "$_->{quantity} at $_->{price}" } @{ $expected->{alternatives} // [] };
	return "@other" ne "@wanted" ? "alternatives @other" : '';
}

for my $name (qw(en es pt never))
{
	open(my $file, '<:encoding(UTF-8)', "$ENV{TRADEPOST_ROOT}/test/spoken/$name.tsv") or die "$name: $!";
	my @lines = map { chomp; $_ } <$file>;
	close $file;
	my ($reference) = map { /^# reference: (.*)/ } @lines;
	$reference //= '{"assets":["Wheat","Gold","Oil","Silver","Corn","Coffee","EURUSD"],"today":"2025-11-03",'
	  . '"last":{"Dec25-Wheat":"150","Jan26-Gold":"2000","Dec25-Oil":"10","Dec25-Silver":"25","Mar26-Corn":"450","EURUSD":"1.185"}}';
	my @rows = map { [ split /\t/ ] } grep { !/^#/ && /\t/ } @lines;
	my @wrong;

	my $values = join(",\n", map { my $text = $_->[1]; $text =~ s/'/''/g; sprintf("('%s', %s)", $text, $_->[0] eq '-' ? 'NULL' : "'$_->[0]'") } @rows);
	my $sql = "SELECT tradepost.parse_command(v.said, v.lang, '$reference') FROM (VALUES $values) v (said, lang)";
	utf8::encode($sql);
	my @answers = split /\n/, $node->safe_psql('spoken', "SET standard_conforming_strings = on; SET client_encoding = 'UTF8'; $sql");

	is(scalar(@answers), scalar(@rows), "$name: an answer to each of " . scalar(@rows) . ' messages');
	for my $i (0 .. $#rows)
	{
		my $expected = $rows[$i][2];
		utf8::encode($expected);
		my $what = difference(decode_json($expected), decode_json($answers[$i]));

		push @wrong, "$rows[$i][1]: $what" if $what ne '';
	}
	cmp_ok(scalar(@rows), '>=', 150, "$name: enough of them");
	is(join("\n", map { utf8::encode($_); $_ } @wrong), '', "$name: all as expected");
}
$node->stop;
done_testing();
