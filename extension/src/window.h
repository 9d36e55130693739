/*
 * window.h
 *	  Which commands at or above the watermark are decided.
 */
#ifndef TRADEPOST_WINDOW_H
#define TRADEPOST_WINDOW_H

typedef struct TpWindow TpWindow;

extern TpWindow *tradepost_window_create(int64 base);
extern bool tradepost_window_decided(const TpWindow *window, int64 id); /* ids below the base: true */
extern void tradepost_window_mark(TpWindow *window, int64 id);
extern void tradepost_window_advance(TpWindow *window, int64 base); /* forget lower ids */

#endif
