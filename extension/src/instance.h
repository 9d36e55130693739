/*
 * instance.h
 *	  Which database this is: what a restored or cloned copy does not share.
 */
#ifndef TRADEPOST_INSTANCE_H
#define TRADEPOST_INSTANCE_H

/* "system identifier/database OID", in the caller's memory context. */
extern char *tradepost_instance_text(void);

#endif
