/*
 * qr_svg.h
 *	  A QR code as SVG.  Pure.
 */
#ifndef TRADEPOST_PROXY_QR_SVG_H
#define TRADEPOST_PROXY_QR_SVG_H

#include "buffer.h"

/* Onto the end of out: an svg element without a size of its own, with the quiet zone. False: the text is too long. */
extern bool tp_qr_svg(const char *text, TpBuffer *out);

#endif
