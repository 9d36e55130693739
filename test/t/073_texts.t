# 073_texts.t
#	  The catalogue of texts: what the build refuses, and that every text is used.
use strict;
use warnings;

use IPC::Run qw(run);
use Test::More;

my $root = $ENV{TRADEPOST_ROOT};
my $good = "# a comment\n\nhello\nen: Hello {name}[, {count} new]\nes: Hola {name}[, {count} nuevos]\npt: Olá {name}[, {count} novos]\n\nbye\nen: Bye\\n\nes: Adiós\\n\npt: Tchau\\n\n";

# What texts.sh makes of this, and what it complains of.
sub made_of
{
	my ($texts) = @_;
	my ($header, $complaint) = ('', '');
	my $ok = run(["$root/docker/stack/texts.sh"], '<', \$texts, '>', \$header, '2>', \$complaint);

	return ($ok, $header, $complaint);
}

# The good catalogue with one thing changed is refused for this.
sub refused
{
	my ($from, $to, $complaint, $name) = @_;
	my $texts = $good;

	$texts =~ s/\Q$from\E/$to/ or die "nothing to change: $from";
	my ($ok, undef, $said) = made_of($texts);
	ok(!$ok, "the build fails: $name");
	like($said, $complaint, '... and says why');
}

my ($ok, $header, $said) = made_of($good);
ok($ok, 'a good catalogue') or diag($said);
like($header, qr/TP_TEXT_BYE,\s+TP_TEXT_HELLO,\s+TP_TEXTS/, 'its keys, sorted');
like($header, qr/"Hola \{name\}\[, \{count\} nuevos\]"/, 'its texts');

refused("es: Adiós\\n\n", '', qr/bye has no text in es/, 'a language is missing');
refused('es: Hola {name}', 'es: Hola {nombre}', qr/hello has places count\? name in en, and count\? nombre in es/, 'a place has another name');
refused('pt: Olá {name}', 'pt: Olá', qr/hello has places count\? name in en, and count\? in pt/, 'a place is missing');
refused('[, {count} novos]', ', {count} novos', qr/hello has places count\? name in en, and count name in pt/, 'a part is optional elsewhere');
refused("\nbye\n", "\nhello\n", qr/hello is there twice/, 'a key is there twice');
refused('Tchau', 'T' x 700, qr/bye has 702 bytes in pt, and the limit is 700/, 'a text is too long');
refused("en: Bye\\n\n", "en: Bye\\n\nen: Goodbye\\n\n", qr/bye has two texts in en/, 'a language is there twice');
refused('Bye\n', 'Bye\t', qr/a backslash that begins no/, 'a backslash');
refused('en: Bye', 'fr: Bye', qr/expected a key, or a text/, 'a language that is none');
refused('Hello {name}', 'Hello {name', qr/a place is not named as in/, 'a brace without its other');
refused('Hello {name}', 'Hello name}', qr/\} without \{/, '... or the other alone');
refused('{count} new]', '{count} new', qr/\[ without \]/, 'a bracket without its other');
refused('[, {count} new]', '{count} new]', qr/\] without \[/, '... or the other alone');
refused('[, {count} new]', '[, new]', qr/an optional part without a place/, 'a part that nothing decides');
refused('[, {count} new]', '[, [{count}] new]', qr/an optional part within another/, 'a part of a part');
refused("es: Adiós\\n", "es: Adiós\\n ", qr/a blank at the end/, 'a blank at the end');
refused("novos]\n\n", "novos]\n", qr/an empty line is missing before bye/, 'blocks that touch');
refused('en: Bye', 'en:Bye', qr/expected a key, or a text/, 'no space');
refused($good, '', qr/there is no text/, 'nothing');

# Every text is told somewhere; those whose name is put together at run time by their beginning.
sub slurp
{
	open my $file, '<', $_[0] or die "$_[0]: $!";
	local $/;
	return <$file>;
}
my @keys = slurp("$root/extension/texts.txt") =~ /^([a-z][a-z0-9_]*)$/mg;
my $sources = join "\n", map { slurp($_) } glob("$root/sql/*/*.sql $root/proxy/src/*.[ch] $root/proxy/speech/src/*.[ch] $root/extension/src/*.c");
my %made = (reason_ => qr/'reason_' \|\|/, signal_ => qr/'signal_' \|\|/, subscription_ => qr/'subscription_' \|\|/, security_ => qr/'security_' \|\|/, spoken_ => qr/TP_TEXT_SPOKEN_##/);

cmp_ok(scalar @keys, '>', 150, 'texts');
is_deeply([ grep {
	my $key = $_;
	my ($beginning) = grep { index($key, $_) == 0 } keys %made;
	$sources !~ /'\Q$key\E'/ && $sources !~ /\bTP_TEXT_\U$key\E\b/ && !($beginning && $sources =~ $made{$beginning});
} @keys ], [], 'every text is used');
my %there = map { $_ => 1 } @keys;
is_deeply([ grep { !$there{$_} } $sources =~ /tradepost_internal\.text\('([a-z0-9_]+)'(?! \|\|)/g ], [], 'every text that is used is there');

done_testing();
