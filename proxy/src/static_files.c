/*
 * static_files.c
 *	  The files of WEB_ROOT at /, and /openapi.yaml.
 *
 * Called by route.c for paths that are no routes.  Files are small and in the system's
 * cache: they are read when asked for, so that a changed one needs no restart.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge.h"
#include "settings.h"
#include "static_files.h"

#define FILE_MOST (16 * 1024 * 1024)
#define PATH_MOST 512

static const struct
{
	const char *ending;
	const char *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".mjs", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".yaml", "application/yaml" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
	{ ".woff2", "font/woff2" },
	{ ".wasm", "application/wasm" },
	{ ".webmanifest", "application/manifest+json" },
	{ ".ts", "text/plain; charset=utf-8" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".md", "text/plain; charset=utf-8" },
};

static const char *
type_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].ending, dot) == 0)
			return types[i].type;
	return "application/octet-stream";
}

static bool
read_whole(int file, size_t size, TpBuffer *out)
{
	tp_buffer_reserve(out, size + 1);
	while (out->length < size)
	{
		ssize_t got = read(file, out->data + out->length, size - out->length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		out->length += (size_t) got;
	}
	return true;
}

static bool
answer_file(TpCall *call, const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat about;
	char tag[64];
	bool fine = false;

	if (file < 0)
		return false;
	if (fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_size <= FILE_MOST)
	{
		snprintf(tag, sizeof(tag), "\"%llx-%llx\"",
				 (unsigned long long) about.st_mtim.tv_sec * 1000000000ULL + (unsigned long long) about.st_mtim.tv_nsec,
				 (unsigned long long) about.st_size);
		fine = tp_slice_is(call->if_none_match, tag) || read_whole(file, (size_t) about.st_size, &call->answer);
	}
	close(file);
	if (!fine)
	{
		tp_buffer_clear(&call->answer);
		return false;
	}
	tp_call_header(call, "ETag", tag);
	tp_call_header(call, "Cache-Control", "no-cache");
	tp_call_answer(call, tp_slice_is(call->if_none_match, tag) ? 304 : 200, type_of(path));
	return true;
}

/* Plain names only: no hidden files, no way up, nothing escaped. */
static bool
plain_path(TpSlice path)
{
	for (size_t i = 0; i < path.length; i++)
	{
		char c = path.data[i];
		bool after_slash = i > 0 && path.data[i - 1] == '/';

		if (after_slash && (c == '.' || c == '/'))
			return false;
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
			  c == '_' || c == '/'))
			return false;
	}
	return path.length > 0 && path.data[0] == '/';
}

bool
tp_static_get(TpCall *call)
{
	const char *root = call->edge->settings->web_root;
	bool directory = call->path.length > 0 && call->path.data[call->path.length - 1] == '/';
	char path[PATH_MOST];
	int length;

	if ((call->method != TP_GET && call->method != TP_HEAD) || *root == '\0' || !plain_path(call->path))
		return false;
	length = snprintf(path, sizeof(path), "%s%.*s%s", root, (int) call->path.length, call->path.data,
					  directory ? "index.html" : "");
	return length > 0 && (size_t) length < sizeof(path) && answer_file(call, path);
}

void
tp_static_openapi(TpCall *call)
{
	const char *path = call->edge->settings->openapi_path;

	if (*path == '\0' || !answer_file(call, path))
		tp_call_problem(call, 404, "file_unknown", "openapi.yaml is not installed beside this program", NULL);
}
