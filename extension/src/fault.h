/*
 * fault.h
 *	  Places where tests make things go wrong.  Compiled in by -DTRADEPOST_FAULTS
 *	  only; in every other build a point is nothing.
 */
#ifndef TRADEPOST_FAULT_H
#define TRADEPOST_FAULT_H

typedef enum TpFault
{
	TP_FAULT_BEFORE_HANDOVER, /* a commit is visible, its commands are not in the ring yet */
	TP_FAULT_BATCH_DECIDED,   /* a batch is in memory, nothing is stored */
	TP_FAULT_BATCH_STORED,    /* a batch is stored, not committed */
	TP_FAULT_BATCH_UNFLUSHED, /* committed, perhaps not durable, not published */
	TP_FAULT_BATCH_COMMITTED  /* committed, not published */
} TpFault;

#ifdef TRADEPOST_FAULTS
#include "command.h"
extern void tradepost_fault_init(void);
extern void tradepost_fault_point(TpFault point);
extern void tradepost_fault_command(const TpCommand *command);
extern double tradepost_fault_queue_share; /* below zero: as usual */
#define TRADEPOST_FAULT_POINT(point) tradepost_fault_point(point)
#define TRADEPOST_FAULT_COMMAND(command) tradepost_fault_command(command)
#define TRADEPOST_FAULT_QUEUE_SHARE(usual) (tradepost_fault_queue_share < 0 ? (usual) : tradepost_fault_queue_share)
#else
#define TRADEPOST_FAULT_POINT(point) ((void) 0)
#define TRADEPOST_FAULT_COMMAND(command) ((void) 0)
#define TRADEPOST_FAULT_QUEUE_SHARE(usual) (usual)
#endif

#endif
