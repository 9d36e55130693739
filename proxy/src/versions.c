/*
 * versions.c
 *	  See versions.h: edge_cache.c's memory of what changed.
 */
#include "versions.h"

#include <stdlib.h>

static int64_t *
account_version(const TpVersions *versions, int64_t account)
{
	return (int64_t *) &versions->accounts[(uint64_t) account % TP_VERSION_ACCOUNTS];
}

static void
touch_trades(TpVersions *versions, int instrument, int64_t seq)
{
	if (instrument >= versions->instruments)
	{
		int n = instrument + 64;

		versions->trades = tp_realloc(versions->trades, (size_t) n * sizeof(int64_t));
		memset(versions->trades + versions->instruments, 0, (size_t) (n - versions->instruments) * sizeof(int64_t));
		versions->instruments = n;
	}
	versions->trades[instrument] = versions->trade = seq;
}

void
tp_versions_touch(TpVersions *versions, const TpEvent *event)
{
	if (event->account != 0)
		*account_version(versions, event->account) = event->seq;
	if (event->counter_account != 0)
		*account_version(versions, event->counter_account) = event->seq;
	if (event->instrument == 0)
		return;
	switch ((TpEventKind) event->kind)
	{
		case TP_EV_REJECTED:
			return;
		case TP_EV_TRADE:
		case TP_EV_CLOSED_OUT:
		case TP_EV_TAKEN_OVER:
			touch_trades(versions, event->instrument, event->seq);
			break;
		case TP_EV_MARKED:
		case TP_EV_INSTRUMENT_EXPIRED:
			versions->mark = versions->definitions = event->seq;
			break;
		case TP_EV_HALTED:
		case TP_EV_RESUMED:
		case TP_EV_LISTED:
			versions->definitions = event->seq;
			break;
		default:
			break;
	}
	versions->market = event->seq;
}

int64_t
tp_versions_trades(const TpVersions *versions, int instrument)
{
	return instrument < versions->instruments ? versions->trades[instrument] : 0;
}

int64_t
tp_versions_account(const TpVersions *versions, int64_t account)
{
	return *account_version(versions, account);
}

void
tp_versions_free(TpVersions *versions)
{
	free(versions->trades);
	versions->trades = NULL;
	versions->instruments = 0;
}
