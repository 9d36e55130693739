/*
 * compat.h
 *	  What differs between the PostgreSQL versions that we build on (15 to 17).
 *
 * The only place where PG_VERSION_NUM is tested.  Included after postgres.h
 * by files that need one of these.
 */
#ifndef TRADEPOST_COMPAT_H
#define TRADEPOST_COMPAT_H

#include "miscadmin.h"
#include "storage/proc.h"

#if PG_VERSION_NUM < 150000
#error "Tradepost needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* Index of this backend, from 0, below TP_MAX_PROCS. */
#if PG_VERSION_NUM >= 170000
#define TP_PROC_INDEX (MyProcNumber)
#else
#define TP_PROC_INDEX (MyProc->pgprocno)
#endif

#define TP_MAX_PROCS (MaxBackends + NUM_AUXILIARY_PROCS)

#if PG_VERSION_NUM >= 160000
#define TpExecInsertIndexTuples(rri, slot, estate) \
	ExecInsertIndexTuples(rri, slot, estate, false, false, NULL, NIL, false)
#else
#define TpExecInsertIndexTuples(rri, slot, estate) ExecInsertIndexTuples(rri, slot, estate, false, false, NULL, NIL)
#endif

/* Whether an update needs index entries, and making them. */
#if PG_VERSION_NUM >= 160000
#include "access/tableam.h"
typedef TU_UpdateIndexes TpUpdateIndexes;
#define TpUpdateNeedsIndexes(update) ((update) != TU_None)
#define TpExecUpdateIndexTuples(rri, slot, estate, update) \
	ExecInsertIndexTuples(rri, slot, estate, true, false, NULL, NIL, (update) == TU_Summarizing)
#else
typedef bool TpUpdateIndexes;
#define TpUpdateNeedsIndexes(update) (update)
#define TpExecUpdateIndexTuples(rri, slot, estate, update) \
	ExecInsertIndexTuples(rri, slot, estate, true, false, NULL, NIL)
#endif

/* A table's file on disk. */
#if PG_VERSION_NUM >= 160000
#include "storage/relfilelocator.h"
typedef RelFileLocator TpFile;
#define TpRelationFile(relation) ((relation)->rd_locator)
#define TpFileEquals(a, b) RelFileLocatorEquals(a, b)
#else
#include "storage/relfilenode.h"
typedef RelFileNode TpFile;
#define TpRelationFile(relation) ((relation)->rd_node)
#define TpFileEquals(a, b) RelFileNodeEquals(a, b)
#endif

/* Needs utils/datetime.h.  0, or a DTERR code. */
#if PG_VERSION_NUM >= 160000
#define TpDecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz) \
	DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz, &(DateTimeErrorExtra){ 0 })
#else
#define TpDecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz) DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz)
#endif

#if PG_VERSION_NUM >= 160000
#include "catalog/pg_database.h"
#include "utils/acl.h"
#define TpOwnsDatabase(dboid) object_ownercheck(DatabaseRelationId, dboid, GetUserId())
#else
#include "utils/acl.h"
#define TpOwnsDatabase(dboid) pg_database_ownercheck(dboid, GetUserId())
#endif

#endif
