/*
 * proxy_main.c
 *	  tradepost-proxy: reads the settings, then watches over its workers.
 *
 * Called by the system.  Flags that only ask something are answered here; the rest is the
 * supervisor's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "settings.h"
#include "supervisor.h"
#include "tls.h"
#include "version.h"

static bool
has_flag(int argc, char **argv, const char *flag)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], flag) == 0)
			return true;
	return false;
}

static int
show(TpBuffer *text)
{
	bool fine = fwrite(text->data, 1, text->length, stdout) == text->length && fflush(stdout) == 0;

	tp_buffer_free(text);
	return fine ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static TpSettings settings;
	TpBuffer text = { 0 };

	if (has_flag(argc, argv, "--help") || has_flag(argc, argv, "-h"))
	{
		tp_settings_help(&text);
		return show(&text);
	}
	if (has_flag(argc, argv, "--version"))
	{
		tp_buffer_text(&text, "tradepost-proxy " TP_PROXY_VERSION "\n");
		return show(&text);
	}
	if (!tp_settings_read(&settings, argc, argv, &text) || !tp_tls_check(&settings, &text))
	{
		fprintf(stderr, "tradepost-proxy: %.*s\n", (int) text.length, text.data);
		tp_buffer_free(&text);
		return 2;
	}
	if (has_flag(argc, argv, "--check-config"))
	{
		tp_settings_print(&settings, &text);
		return show(&text);
	}
	return tp_supervise(&settings);
}
