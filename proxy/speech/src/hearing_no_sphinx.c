/*
 * hearing_no_sphinx.c
 *	  Built instead of hearing_sphinx.c where the library is not installed.
 */
#include "hearing.h"

static const char *
missing(const TpSpeechSettings *settings)
{
	(void) settings;
	return "it was built without pocketsphinx (Debian: libpocketsphinx-dev libsphinxbase-dev)";
}

static void
hear_nothing(const TpSpeechSettings *settings, const TpHearingOf *what, TpHearing *hearing)
{
	(void) settings;
	(void) what;
	hearing->fault = "provider";
}

static void
nothing(void)
{
}

bool
tp_sphinx_grammar(const TpSpeechSettings *settings, const json_t *markets, TpBuffer *jsgf, TpBuffer *left_out)
{
	(void) settings;
	(void) markets;
	(void) jsgf;
	(void) left_out;
	return false;
}

const TpProvider tp_sphinx_provider = { hear_nothing, missing, nothing, false };
