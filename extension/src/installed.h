/*
 * installed.h
 *	  Whether this database has the extension, in the library's version.
 */
#ifndef TRADEPOST_INSTALLED_H
#define TRADEPOST_INSTALLED_H

typedef enum TpInstalled
{
	TP_NOT_INSTALLED,
	TP_INSTALLED_SAME,
	TP_INSTALLED_OTHER
} TpInstalled;

/* Inside a transaction.  *extension is its OID: another one after DROP and CREATE. */
extern TpInstalled tradepost_installed(Oid *extension);

/* From now on, tell when it is worth asking again: after DDL, and once a second. */
extern void tradepost_installed_watch(void);
extern bool tradepost_installed_may_have_changed(void);

#endif
