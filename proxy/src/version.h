/*
 * version.h
 *	  The program's version: the extension's, given by the build.
 */
#ifndef TRADEPOST_PROXY_VERSION_H
#define TRADEPOST_PROXY_VERSION_H

#ifndef TP_PROXY_VERSION
#error "the build gives TP_PROXY_VERSION"
#endif

#endif
