/*
 * utility.h
 *	  Utility commands that concern matchers.
 */
#ifndef TRADEPOST_UTILITY_H
#define TRADEPOST_UTILITY_H

extern void tradepost_utility_init(void);

#endif
