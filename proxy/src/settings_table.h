/*
 * settings_table.h
 *	  Every setting: its name, kind, default, limits, and what it is for.
 *
 * For settings.c, settings_check.c and settings_outgoing.c.  .env.example lists the same names, and a unit
 * test compares the two.
 */
#ifndef TRADEPOST_PROXY_SETTINGS_TABLE_H
#define TRADEPOST_PROXY_SETTINGS_TABLE_H

#include "settings.h"

typedef enum TpSettingKind
{
	TP_SETTING_TEXT,
	TP_SETTING_INTEGER,
	TP_SETTING_SWITCH,
	TP_SETTING_LEVEL,
	TP_SETTING_ENVIRONMENT, /* production, or another */
	TP_SETTING_RATE
} TpSettingKind;

#define TP_SETTING_SECRET 1
#define TP_SETTING_RELOADS 2 /* takes effect on SIGHUP */

typedef struct TpSetting
{
	const char *name;
	TpSettingKind kind;
	size_t offset; /* in TpSettings */
	const char *fallback;
	int least;
	int most;
	int flags;
	const char *help;
} TpSetting;

extern const TpSetting tp_settings_table[];
extern const int tp_settings_count;

/* "100/60" or "off". */
extern bool tp_rate_parse(const char *text, TpRate *value);

/* A copy that lives as long as the process. */
extern char *tp_settings_keep(TpSlice text);

/* What depends on several settings: makes the URL of the database, refuses weak secrets. */
extern bool tp_settings_finish(TpSettings *settings, TpBuffer *problem);

/* The same for what concerns Twilio and speech; settings_outgoing.c. */
extern bool tp_settings_outgoing(TpSettings *settings, TpBuffer *problem);

/* Whether production may have it; else why not, in problem. */
extern bool tp_settings_strong(const char *name, const char *secret, size_t least, TpBuffer *problem);

/* The first of these, seen from the program's directory, that can be read (mode of access()); "": none. */
extern const char *tp_settings_beside(const char *const *candidates, int mode);

#endif
