/*
 * qr_svg.c
 *	  libqrencode's modules as one SVG path; see qr_svg.h.
 */
#include "qr_svg.h"

#include <qrencode.h>

#define QUIET 4 /* modules around it, by the standard */

bool
tp_qr_svg(const char *text, TpBuffer *out)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	int size;

	if (code == NULL)
		return false;
	size = code->width + 2 * QUIET;
	tp_buffer_format(out,
					 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
					 "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path stroke=\"#000\" d=\"",
					 size, size, size, size);
	for (int y = 0; y < code->width; y++)
	{
		const unsigned char *row = code->data + y * code->width;

		/* A line for each run of dark modules, through their middle. */
		for (int x = 0, end; x < code->width; x = end)
		{
			for (end = x + 1; end < code->width && (row[end] & 1) == (row[x] & 1); end++)
				continue;
			if ((row[x] & 1) != 0)
				tp_buffer_format(out, "M%d %d.5h%d", x + QUIET, y + QUIET, end - x);
		}
	}
	tp_buffer_text(out, "\"/></svg>");
	QRcode_free(code);
	return true;
}
