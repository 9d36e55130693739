/*
 * static_files.h
 *	  The files of WEB_ROOT at /, and /openapi.yaml.
 */
#ifndef TRADEPOST_PROXY_STATIC_FILES_H
#define TRADEPOST_PROXY_STATIC_FILES_H

#include "call.h"

/* GET /openapi.yaml */
extern void tp_static_openapi(TpCall *call);

/* A path that is no route: the call is answered and true, or there is no such file. */
extern bool tp_static_get(TpCall *call);

#endif
