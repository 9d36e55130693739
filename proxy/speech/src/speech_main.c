/*
 * speech_main.c
 *	  tradepost-speech: hears voice notes for tradepost-proxy, or a file for a person.
 *
 * It is a process of its own because a recognizer and two decoders look at bytes that
 * strangers sent: what goes wrong here costs a note, and no order.  The proxy starts it
 * with --serve; settings come by the environment.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox.h"
#include "speech_server.h"

static const char usage[] =
	"tradepost-speech --serve                      frames on standard input and output, for tradepost-proxy\n"
	"tradepost-speech --transcribe FILE.ogg...     a line of JSON for each\n"
	"tradepost-speech --grammar                    what can be said, as JSGF\n"
	"                 --markets Dec25-Wheat,...    what is listed\n"
	"                 --language en|es|pt\n"
	"tradepost-speech --version\n"
	"\n"
	"Environment: SPEECH_PROVIDER (pocketsphinx, openai_http), SPEECH_URL, SPEECH_API_KEY, SPEECH_MODEL,\n"
	"SPEECH_TIMEOUT, SPEECH_MAX_SECONDS, SPEECH_MAX_BYTES, OUTGOING_CA_FILE.\n";

static const char *
variable(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value == NULL || *value == '\0' ? otherwise : value;
}

static long
number(const char *name, long otherwise, long least, long most)
{
	const char *text = variable(name, "");
	char *end;
	long value = strtol(text, &end, 10);

	return *text == '\0' || *end != '\0' || value < least || value > most ? otherwise : value;
}

static const TpProvider *
provider_of(const char *name)
{
	if (strcmp(name, "pocketsphinx") == 0)
		return &tp_sphinx_provider;
	return strcmp(name, "openai_http") == 0 ? &tp_openai_provider : NULL;
}

/* "Dec25-Wheat,EURUSD" as the frames have it. */
static json_t *
markets_of(const char *list)
{
	json_t *markets = json_array();

	while (*list != '\0')
	{
		size_t length = strcspn(list, ",");
		const char *dash = memchr(list, '-', length);
		json_t *market;

		if (dash != NULL && dash - list == 5)
			market = json_pack("{ss% ss%}", "contract", list, (size_t) (dash - list), "asset", dash + 1,
							   length - (size_t) (dash + 1 - list));
		else
			market = json_pack("{ss%}", "asset", list, length);
		if (market != NULL)
			json_array_append_new(markets, market);
		list += length;
		list += *list == ',';
	}
	return markets;
}

static bool
read_file(const char *path, size_t most, TpBuffer *out)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	/* One byte more than is allowed shows that there is more. */
	tp_buffer_reserve(out, most + 1);
	while (file >= 0 && out->length <= most && (got = read(file, out->data + out->length, most + 1 - out->length)) > 0)
		out->length += (size_t) got;
	if (file >= 0)
		close(file);
	return file >= 0 && got >= 0;
}

static int
transcribe(const TpSpeechSettings *settings, const TpProvider *provider, char **files, int count, const char *language,
		   const json_t *markets)
{
	int status = 0;

	for (int i = 0; i < count; i++)
	{
		TpBuffer file = { 0 };
		json_t *answer;
		char *text;

		if (!read_file(files[i], settings->caps.bytes, &file))
		{
			fprintf(stderr, "tradepost-speech: %s cannot be read\n", files[i]);
			tp_buffer_free(&file);
			status = 1;
			continue;
		}
		answer = tp_speech_hear(settings, provider, (TpSlice){ file.data, file.length }, language, markets);
		text = json_dumps(answer, JSON_COMPACT);
		puts(text);
		fflush(stdout);
		free(text);
		json_decref(answer);
		tp_buffer_free(&file);
	}
	return status;
}

static int
print_grammar(const TpSpeechSettings *settings, const json_t *markets)
{
	TpBuffer jsgf = { 0 };
	TpBuffer left_out = { 0 };
	bool made = tp_sphinx_grammar(settings, markets, &jsgf, &left_out);

	if (made)
		fwrite(jsgf.data, 1, jsgf.length, stdout);
	else
		fputs("tradepost-speech: there is no pocketsphinx here\n", stderr);
	if (left_out.length > 0)
		fprintf(stderr, "left out: %.*s\n", (int) left_out.length, left_out.data);
	tp_buffer_free(&jsgf);
	tp_buffer_free(&left_out);
	return made ? 0 : 1;
}

typedef struct Wish
{
	enum
	{
		WISH_USAGE,
		WISH_SERVE,
		WISH_TRANSCRIBE,
		WISH_GRAMMAR
	} what;
	const char *language;
	json_t *markets;
	char **files;
	int count;
} Wish;

static bool
read_arguments(int argc, char **argv, Wish *wish)
{
	wish->files = argv + 1;
	for (int i = 1; i < argc; i++)
	{
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--serve") == 0)
			wish->what = WISH_SERVE;
		else if (strcmp(argv[i], "--transcribe") == 0)
			wish->what = WISH_TRANSCRIBE;
		else if (strcmp(argv[i], "--grammar") == 0)
			wish->what = WISH_GRAMMAR;
		else if (strcmp(argv[i], "--language") == 0 && more)
			wish->language = argv[++i];
		else if (strcmp(argv[i], "--markets") == 0 && more)
		{
			json_decref(wish->markets);
			wish->markets = markets_of(argv[++i]);
		}
		else if (argv[i][0] != '-')
			wish->files[wish->count++] = argv[i];
		else
			return false;
	}
	return wish->what != WISH_USAGE && (wish->what == WISH_TRANSCRIBE) == (wish->count > 0);
}

static int
refuse_to_hear(const char *why)
{
	fprintf(stderr, "tradepost-speech: %s\n", why);
	return 3;
}

static int
run(const TpSpeechSettings *settings, const Wish *wish)
{
	const TpProvider *provider = provider_of(settings->provider);
	const char *why;
	int status;

	if (wish->what == WISH_GRAMMAR)
		return print_grammar(settings, wish->markets);
	if (wish->what == WISH_SERVE && !tp_sandbox_tie())
		return 1;
	if (provider == NULL)
		return refuse_to_hear("SPEECH_PROVIDER is neither pocketsphinx nor openai_http");
	why = provider->open(settings);
	if (why == NULL && wish->what == WISH_SERVE)
		why = tp_sandbox_enter(provider->network);
	if (why != NULL && wish->what == WISH_SERVE)
		status = tp_speech_refuse(why);
	else if (why != NULL)
		status = refuse_to_hear(why);
	else if (wish->what == WISH_SERVE)
		status = tp_speech_serve(settings, provider);
	else
		status = transcribe(settings, provider, wish->files, wish->count, wish->language, wish->markets);
	provider->close();
	return status;
}

int
main(int argc, char **argv)
{
	TpSpeechSettings settings = {
		.provider = variable("SPEECH_PROVIDER", "pocketsphinx"),
		.url = variable("SPEECH_URL", ""),
		.key = variable("SPEECH_API_KEY", ""),
		.model = variable("SPEECH_MODEL", ""),
		.ca_file = variable("OUTGOING_CA_FILE", ""),
		.timeout_s = (int) number("SPEECH_TIMEOUT", 20, 1, 600),
		.caps = { .bytes = (size_t) number("SPEECH_MAX_BYTES", 16 << 20, 1, 64 << 20),
				  .seconds = (int) number("SPEECH_MAX_SECONDS", 60, 1, 600) },
	};
	Wish wish = { .language = "", .markets = json_array() };
	int status = 2;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
	{
		puts("tradepost-speech " TP_PROXY_VERSION);
		status = 0;
	}
	else if (read_arguments(argc, argv, &wish))
		status = run(&settings, &wish);
	else
		fputs(usage, stderr);
	json_decref(wish.markets);
	return status;
}
