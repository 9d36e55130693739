/*
 * settings.c
 *	  Reads what the proxy runs by: a file, environment variables, flags, in rising
 *	  order; prints what is in force.
 *
 * Called by proxy_main.c before workers are forked, and by each process on SIGHUP.
 * Values are kept as text with their source beside the struct, for --check-config.
 * An empty value is no value.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "settings_table.h"

#define MOST_SETTINGS 128
#define FILE_LIMIT (1024 * 1024)

typedef struct TpGiven
{
	const char *text;
	const char *source; /* default, file, environment, flag */
} TpGiven;

static TpGiven in_force[MOST_SETTINGS];
static TpBuffer not_known; /* names in the file that are no settings */
static char **flags;
static int flag_count;

/* Whoever has read a setting may keep the pointer, so texts live as long as the process. */
typedef struct TpKept
{
	struct TpKept *next;
	char text[];
} TpKept;

static TpKept *all_kept;

char *
tp_settings_keep(TpSlice text)
{
	TpKept *kept = tp_alloc(sizeof(*kept) + text.length + 1);

	if (text.length > 0)
		memcpy(kept->text, text.data, text.length);
	kept->next = all_kept;
	all_kept = kept;
	return kept->text;
}

static int
find(const char *name, size_t length)
{
	for (int i = 0; i < tp_settings_count; i++)
		if (strlen(tp_settings_table[i].name) == length && memcmp(tp_settings_table[i].name, name, length) == 0)
			return i;
	return -1;
}

static void
give(TpGiven *given, TpSlice value, const char *source)
{
	if (value.length == 0)
		return;
	given->text = tp_settings_keep(value);
	given->source = source;
}

static TpSlice
trim(TpSlice text)
{
	while (text.length > 0 && isspace((unsigned char) text.data[0]))
		text = (TpSlice){ text.data + 1, text.length - 1 };
	while (text.length > 0 && isspace((unsigned char) text.data[text.length - 1]))
		text.length--;
	return text;
}

/* NAME=value, as shells and dotenv write it: `export` before, quotes around, # comments. */
static bool
read_line(TpGiven *given, TpSlice line, int number, TpBuffer *problem)
{
	const char *equals;
	TpSlice name;
	TpSlice value;
	int found;

	line = trim(line);
	if (line.length == 0 || line.data[0] == '#')
		return true;
	if (line.length > 7 && memcmp(line.data, "export ", 7) == 0)
		line = trim((TpSlice){ line.data + 7, line.length - 7 });
	equals = memchr(line.data, '=', line.length);
	if (equals == NULL)
	{
		tp_buffer_format(problem, "line %d of the configuration file is not NAME=value", number);
		return false;
	}
	name = trim((TpSlice){ line.data, (size_t) (equals - line.data) });
	value = trim((TpSlice){ equals + 1, line.length - (size_t) (equals + 1 - line.data) });
	if (value.length >= 2 && (value.data[0] == '"' || value.data[0] == '\'') &&
		value.data[value.length - 1] == value.data[0])
		value = (TpSlice){ value.data + 1, value.length - 2 };
	found = find(name.data, name.length);
	if (found >= 0)
		give(&given[found], value, "file");
	else
		tp_buffer_format(&not_known, "%s%.*s", not_known.length > 0 ? " " : "", (int) name.length, name.data);
	return true;
}

static bool
read_file(const char *path, TpGiven *given, TpBuffer *problem)
{
	FILE *file = fopen(path, "re");
	TpBuffer text = { 0 };
	size_t got;
	bool fine = true;

	if (file == NULL)
	{
		tp_buffer_format(problem, "the configuration file %s (--config, TRADEPOST_CONFIG) cannot be read: %s", path,
						 strerror(errno));
		return false;
	}
	do
	{
		tp_buffer_reserve(&text, 4096);
		got = fread(text.data + text.length, 1, 4096, file);
		text.length += got;
	} while (got > 0 && text.length < FILE_LIMIT);
	fclose(file);
	for (size_t at = 0, number = 1; fine && at < text.length; number++)
	{
		const char *end = memchr(text.data + at, '\n', text.length - at);
		size_t length = end == NULL ? text.length - at : (size_t) (end - text.data) - at;

		fine = read_line(given, (TpSlice){ text.data + at, length }, (int) number, problem);
		at += length + 1;
	}
	tp_buffer_free(&text);
	return fine;
}

/* "--database-pool" is DATABASE_POOL. */
static int
find_flag(const char *flag, size_t length)
{
	char name[64];

	if (length < 3 || length - 2 >= sizeof(name) || flag[0] != '-' || flag[1] != '-')
		return -1;
	for (size_t i = 2; i < length; i++)
		name[i - 2] = flag[i] == '-' ? '_' : (char) toupper((unsigned char) flag[i]);
	return find(name, length - 2);
}

static bool
read_flags(TpGiven *given, const char **config, TpBuffer *problem)
{
	for (int i = 1; i < flag_count; i++)
	{
		const char *flag = flags[i];
		const char *equals = strchr(flag, '=');
		size_t length = equals == NULL ? strlen(flag) : (size_t) (equals - flag);
		bool is_config = length == 8 && memcmp(flag, "--config", 8) == 0;
		int found = is_config ? -1 : find_flag(flag, length);
		const char *value = equals == NULL ? NULL : equals + 1;

		if (tp_slice_is(tp_slice(flag), "--check-config"))
			continue;
		if (!is_config && found < 0)
		{
			tp_buffer_format(problem, "there is no flag %.*s; --help lists them", (int) length, flag);
			return false;
		}
		if (value == NULL && i + 1 < flag_count)
			value = flags[++i];
		if (value == NULL)
		{
			tp_buffer_format(problem, "the flag %s wants a value", flag);
			return false;
		}
		if (is_config)
			*config = value;
		else
			give(&given[found], tp_slice(value), "flag");
	}
	return true;
}

static bool
set_integer(const TpSetting *setting, const char *text, int *value, TpBuffer *problem)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number < setting->least || number > setting->most)
	{
		tp_buffer_format(problem, "%s must be a whole number from %d to %d", setting->name, setting->least,
						 setting->most);
		return false;
	}
	*value = (int) number;
	return true;
}

static bool
set_switch(const TpSetting *setting, const char *text, bool *value, TpBuffer *problem)
{
	static const char *const yes[] = { "on", "true", "yes", "1" };
	static const char *const no[] = { "off", "false", "no", "0" };

	for (int i = 0; i < 4; i++)
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0)
		{
			*value = strcmp(text, yes[i]) == 0;
			return true;
		}
	tp_buffer_format(problem, "%s must be on or off", setting->name);
	return false;
}

bool
tp_rate_parse(const char *text, TpRate *value)
{
	char rest;
	int count;
	int window;

	if (strcmp(text, "off") == 0 || strcmp(text, "0") == 0)
	{
		*value = (TpRate){ 0, 0 };
		return true;
	}
	if (sscanf(text, "%d/%d%c", &count, &window, &rest) != 2 || count < 1 || count > 1000000000 || window < 1 ||
		window > 86400)
		return false;
	*value = (TpRate){ count, window };
	return true;
}

static bool
set_rate(const TpSetting *setting, const char *text, TpRate *value, TpBuffer *problem)
{
	if (tp_rate_parse(text, value))
		return true;
	tp_buffer_format(problem, "%s must be count/seconds, such as 100/60, with at most 86400 seconds, or off",
					 setting->name);
	return false;
}

static bool
set_level(const TpSetting *setting, const char *text, TpLogLevel *value, TpBuffer *problem)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	for (int i = 0; i < 4; i++)
		if (strcmp(text, names[i]) == 0)
		{
			*value = (TpLogLevel) i;
			return true;
		}
	tp_buffer_format(problem, "%s must be debug, info, warn or error", setting->name);
	return false;
}

static bool
set_value(const TpSetting *setting, const char *text, TpSettings *settings, TpBuffer *problem)
{
	void *at = (char *) settings + setting->offset;

	switch (setting->kind)
	{
		case TP_SETTING_TEXT:
			*(const char **) at = text;
			return true;
		case TP_SETTING_INTEGER:
			return set_integer(setting, text, at, problem);
		case TP_SETTING_SWITCH:
			return set_switch(setting, text, at, problem);
		case TP_SETTING_LEVEL:
			return set_level(setting, text, at, problem);
		case TP_SETTING_RATE:
			return set_rate(setting, text, at, problem);
		case TP_SETTING_ENVIRONMENT:
			if (strcmp(text, "production") == 0)
				*(bool *) at = true;
			return true;
	}
	return false;
}

/* What one rate setting stands for alone holds for every tier that has none. */
static void
spread_rates(TpSettings *settings)
{
	static const TpLimitClass whole[] = { TP_LIMIT_AUTH, TP_LIMIT_SIGNALS, TP_LIMIT_WEBHOOKS };

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		for (int tier = 0; tier < TP_TIER_COUNT; tier++)
			settings->rates[whole[i]][tier] = settings->rates[whole[i]][TP_TIER_COUNT];
	settings->rates[TP_LIMIT_ORDERS][TP_TIER_COUNT] = settings->rates[TP_LIMIT_ORDERS][TP_TIER_FREE];
}

static bool
read_all(TpSettings *settings, TpGiven *given, TpBuffer *problem)
{
	const char *config = getenv("TRADEPOST_CONFIG");
	TpGiven from_flags[MOST_SETTINGS] = { 0 };
	bool fine;

	*settings = (TpSettings){ 0 };
	tp_buffer_clear(&not_known);
	fine = read_flags(from_flags, &config, problem);
	for (int i = 0; i < tp_settings_count; i++)
		given[i] = (TpGiven){ tp_settings_table[i].fallback, "default" };
	if (!fine)
		return false;
	if (config != NULL && *config != '\0')
	{
		settings->file = tp_settings_keep(tp_slice(config));
		fine = read_file(config, given, problem);
	}
	else
		settings->file = "";
	for (int i = 0; i < tp_settings_count; i++)
	{
		const char *value = getenv(tp_settings_table[i].name);

		if (value != NULL)
			give(&given[i], tp_slice(value), "environment");
		if (from_flags[i].text != NULL)
			given[i] = from_flags[i];
	}
	for (int i = 0; fine && i < tp_settings_count; i++)
		fine = set_value(&tp_settings_table[i], given[i].text, settings, problem);
	spread_rates(settings);
	settings->tier_prices[TP_TIER_FREE] = "0";
	return fine && tp_settings_finish(settings, problem);
}

bool
tp_settings_read(TpSettings *settings, int argc, char **argv, TpBuffer *problem)
{
	flags = argv;
	flag_count = argc;
	return read_all(settings, in_force, problem);
}

static size_t
kind_size(TpSettingKind kind)
{
	switch (kind)
	{
		case TP_SETTING_TEXT:
			return sizeof(const char *);
		case TP_SETTING_INTEGER:
			return sizeof(int);
		case TP_SETTING_LEVEL:
			return sizeof(TpLogLevel);
		case TP_SETTING_RATE:
			return sizeof(TpRate);
		default:
			return sizeof(bool);
	}
}

bool
tp_settings_reload(TpSettings *settings, TpBuffer *kept, TpBuffer *problem)
{
	TpSettings fresh;
	TpGiven given[MOST_SETTINGS] = { 0 };

	if (!read_all(&fresh, given, problem))
		return false;
	for (int i = 0; i < tp_settings_count; i++)
	{
		const TpSetting *setting = &tp_settings_table[i];

		if (strcmp(given[i].text, in_force[i].text) == 0)
			continue;
		if ((setting->flags & TP_SETTING_RELOADS) == 0)
			tp_buffer_format(kept, "%s%s", kept->length > 0 ? " " : "", setting->name);
		else
		{
			memcpy((char *) settings + setting->offset, (char *) &fresh + setting->offset, kind_size(setting->kind));
			in_force[i] = given[i];
		}
	}
	spread_rates(settings);
	return true;
}

bool
tp_setting_given(const char *name)
{
	int i = find(name, strlen(name));

	return i >= 0 && in_force[i].source != NULL && strcmp(in_force[i].source, "default") != 0;
}

/* The password inside of a URL, or all of a secret. */
static void
print_value(const TpSetting *setting, const char *text, TpBuffer *out)
{
	const char *scheme = strstr(text, "://");
	const char *at = strrchr(text, '@');

	if (*text == '\0' || (setting->flags & TP_SETTING_SECRET) == 0)
		tp_buffer_text(out, text);
	else if (scheme != NULL && at == NULL && strstr(text, "password") == NULL)
		tp_buffer_text(out, text);
	else if (scheme != NULL && at > scheme && strstr(at, "password") == NULL)
		tp_buffer_format(out, "%.*s://********%s", (int) (scheme - text), text, at);
	else
		tp_buffer_text(out, "********");
}

void
tp_settings_print(const TpSettings *settings, TpBuffer *out)
{
	tp_buffer_format(out, "# configuration file: %s\n", *settings->file == '\0' ? "none" : settings->file);
	if (not_known.length > 0)
		tp_buffer_format(out, "# not known, so ignored: %.*s\n", (int) not_known.length, not_known.data);
	for (int i = 0; i < tp_settings_count; i++)
	{
		tp_buffer_format(out, "%s=", tp_settings_table[i].name);
		print_value(&tp_settings_table[i], in_force[i].text, out);
		tp_buffer_format(out, "  # %s\n", in_force[i].source);
	}
	if (settings->secrets_made)
		tp_buffer_text(out, "# JWT_SECRET is not given: one is made at each start, and tokens end with the process\n");
}

void
tp_settings_help(TpBuffer *out)
{
	tp_buffer_text(out, "tradepost-proxy [FLAG...]\n"
						"  REST and WebSocket in front of a Tradepost database.\n\n"
						"  --config FILE      NAME=value lines; also TRADEPOST_CONFIG\n"
						"  --check-config     print what is in force, secrets masked, and exit\n"
						"  --help, --version\n\n"
						"Settings: each is a line of the file, an environment variable, or a flag: PORT=8000 is\n"
						"--port=8000.  A flag wins over the environment, and that over the file.\n\n");
	for (int i = 0; i < tp_settings_count; i++)
		tp_buffer_format(out, "  %-28s %-12s %s\n", tp_settings_table[i].name, tp_settings_table[i].fallback,
						 tp_settings_table[i].help);
	tp_buffer_text(out, "\nSIGTERM, SIGINT: drain and stop.  SIGHUP: read file and certificate again.\n");
}
