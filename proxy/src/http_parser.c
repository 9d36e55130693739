/*
 * http_parser.c
 *	  The head of an HTTP/1.1 request: bytes in, slices of them out.
 *
 * Pure; called by http.c for each piece that arrives.  libwebsockets has a parser too, but
 * hands out the path decoded and normalised, hangs on chunks, drops long headers without a
 * word, and closes without an answer when there are too many.
 */
#include <strings.h>

#include "http_parser.h"

static const struct
{
	const char *name;
	size_t length;
} header_names[TP_H_COUNT] = {
#define NAME(text)             \
	{                          \
		text, sizeof(text) - 1 \
	}
	[TP_H_HOST] = NAME("host"),
	[TP_H_CONTENT_LENGTH] = NAME("content-length"),
	[TP_H_CONTENT_TYPE] = NAME("content-type"),
	[TP_H_CONTENT_ENCODING] = NAME("content-encoding"),
	[TP_H_TRANSFER_ENCODING] = NAME("transfer-encoding"),
	[TP_H_CONNECTION] = NAME("connection"),
	[TP_H_UPGRADE] = NAME("upgrade"),
	[TP_H_EXPECT] = NAME("expect"),
	[TP_H_AUTHORIZATION] = NAME("authorization"),
	[TP_H_ACCEPT_ENCODING] = NAME("accept-encoding"),
	[TP_H_ORIGIN] = NAME("origin"),
	[TP_H_USER_AGENT] = NAME("user-agent"),
	[TP_H_IDEMPOTENCY_KEY] = NAME("idempotency-key"),
	[TP_H_X_API_KEY] = NAME("x-api-key"),
	[TP_H_X_TENANT] = NAME("x-tenant"),
	[TP_H_SIGNATURE] = NAME("tradepost-signature"),
	[TP_H_PREFER] = NAME("prefer"),
	[TP_H_X_REQUEST_ID] = NAME("x-request-id"),
	[TP_H_X_FORWARDED_FOR] = NAME("x-forwarded-for"),
	[TP_H_X_FORWARDED_PROTO] = NAME("x-forwarded-proto"),
	[TP_H_X_FORWARDED_HOST] = NAME("x-forwarded-host"),
	[TP_H_X_TWILIO_SIGNATURE] = NAME("x-twilio-signature"),
	[TP_H_IF_NONE_MATCH] = NAME("if-none-match"),
	[TP_H_REQUEST_METHOD] = NAME("access-control-request-method"),
	[TP_H_SOCKET_KEY] = NAME("sec-websocket-key"),
	[TP_H_SOCKET_VERSION] = NAME("sec-websocket-version"),
	[TP_H_SOCKET_EXTENSIONS] = NAME("sec-websocket-extensions"),
	[TP_H_SOCKET_PROTOCOL] = NAME("sec-websocket-protocol"),
#undef NAME
};

/* Said twice, these would mean something else to somebody else. */
static const bool only_once[TP_H_COUNT] = {
	[TP_H_HOST] = true,
	[TP_H_CONTENT_LENGTH] = true,
	[TP_H_CONTENT_TYPE] = true,
	[TP_H_AUTHORIZATION] = true,
	[TP_H_IDEMPOTENCY_KEY] = true,
	[TP_H_SOCKET_KEY] = true,
	[TP_H_ORIGIN] = true,
	[TP_H_EXPECT] = true,
	[TP_H_TRANSFER_ENCODING] = true,
	[TP_H_X_API_KEY] = true,
	[TP_H_X_TENANT] = true,
	[TP_H_SIGNATURE] = true,
	[TP_H_X_TWILIO_SIGNATURE] = true,
};

static TpHttpVerdict
refuse(TpHttpFault *fault, int status, const char *code, const char *detail)
{
	*fault = (TpHttpFault){ status, code, detail };
	return TP_HTTP_REFUSED;
}

static TpHttpVerdict
malformed(TpHttpFault *fault, const char *detail)
{
	return refuse(fault, 400, "malformed_request", detail);
}

static bool
is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		   (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static TpSlice
trim_blanks(TpSlice text)
{
	while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = (TpSlice){ text.data + 1, text.length - 1 };
	while (text.length > 0 && (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
		text.length--;
	return text;
}

static bool
same(TpSlice text, const char *word)
{
	return text.length == strlen(word) && strncasecmp(text.data, word, text.length) == 0;
}

/* q=0: what is named is what is not wanted. */
static bool
refused_by_quality(TpSlice parameters)
{
	parameters = trim_blanks(parameters);
	if (parameters.length < 3 || (parameters.data[0] | 0x20) != 'q' || parameters.data[1] != '=' ||
		parameters.data[2] != '0')
		return false;
	for (size_t i = 3; i < parameters.length; i++)
		if (parameters.data[i] != '.' && parameters.data[i] != '0')
			return false;
	return true;
}

bool
tp_list_has(TpSlice list, const char *token)
{
	while (list.length > 0)
	{
		const char *comma = memchr(list.data, ',', list.length);
		TpSlice item = { list.data, comma == NULL ? list.length : (size_t) (comma - list.data) };
		const char *semicolon = item.length == 0 ? NULL : memchr(item.data, ';', item.length);
		TpSlice parameters = { NULL, 0 };

		list.data += item.length + (comma != NULL);
		list.length -= item.length + (comma != NULL);
		if (semicolon != NULL)
		{
			parameters = (TpSlice){ semicolon + 1, item.length - (size_t) (semicolon + 1 - item.data) };
			item.length = (size_t) (semicolon - item.data);
		}
		if (same(trim_blanks(item), token))
			return !refused_by_quality(parameters);
	}
	return false;
}

bool
tp_media_type_is(TpSlice header, const char *type)
{
	const char *semicolon = header.length == 0 ? NULL : memchr(header.data, ';', header.length);

	if (semicolon != NULL)
		header.length = (size_t) (semicolon - header.data);
	return same(trim_blanks(header), type);
}

static TpMethod
method_of(TpSlice word)
{
	static const char *const names[] = { "GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS" };

	for (int i = 0; i < TP_METHOD_COUNT; i++)
		if (tp_slice_is(word, names[i]))
			return (TpMethod) i;
	return TP_METHOD_COUNT;
}

/* Path and query of what stands between method and version. */
static TpHttpVerdict
parse_target(TpSlice target, TpRequest *request, TpHttpFault *fault)
{
	const char *mark;

	if (target.length > TP_TARGET_LIMIT)
		return refuse(fault, 414, "target_too_long", "the request's path and query are longer than 8192 bytes");
	for (size_t i = 0; i < target.length; i++)
		if (target.data[i] <= 0x20 || target.data[i] == 0x7F || target.data[i] == '#')
			return malformed(fault, "the request's target has a character that must be escaped");
	/* What is sent to forward proxies is the same resource. */
	if (target.length > 7 &&
		(strncasecmp(target.data, "http://", 7) == 0 || strncasecmp(target.data, "https://", 8) == 0))
	{
		size_t scheme = (size_t) ((const char *) memchr(target.data, ':', target.length) - target.data) + 3;
		const char *slash = memchr(target.data + scheme, '/', target.length - scheme);

		if (slash == NULL)
			target = (TpSlice){ "/", 1 };
		else
			target = (TpSlice){ slash, target.length - (size_t) (slash - target.data) };
	}
	if (target.length == 0 || (target.data[0] != '/' && !(tp_slice_is(target, "*") && request->method == TP_OPTIONS)))
		return malformed(fault, "the request's target does not begin with a slash");
	request->path = target;
	mark = memchr(target.data, '?', target.length);
	if (mark != NULL)
	{
		request->path.length = (size_t) (mark - target.data);
		request->query = (TpSlice){ mark + 1, target.length - request->path.length - 1 };
	}
	return TP_HTTP_DONE;
}

static TpHttpVerdict
parse_request_line(TpSlice line, TpRequest *request, TpHttpFault *fault)
{
	const char *first = line.length == 0 ? NULL : memchr(line.data, ' ', line.length);
	const char *last = line.length == 0 ? NULL : memrchr(line.data, ' ', line.length);
	TpSlice version;

	if (first == NULL || first == last || first == line.data)
		return malformed(fault, "the request line is not METHOD target HTTP/1.1");
	for (const char *c = line.data; c < first; c++)
		if (!is_token(*c))
			return malformed(fault, "the request's method has a character that no method has");
	request->method = method_of((TpSlice){ line.data, (size_t) (first - line.data) });
	version = (TpSlice){ last + 1, line.length - (size_t) (last + 1 - line.data) };
	if (version.length != 8 || memcmp(version.data, "HTTP/", 5) != 0)
		return malformed(fault, "the request line does not end in HTTP/1.1");
	if (memcmp(version.data, "HTTP/1.", 7) != 0 || (version.data[7] != '1' && version.data[7] != '0'))
		return refuse(fault, 505, "http_version", "only HTTP/1.1 and HTTP/1.0 are spoken here");
	request->minor = version.data[7] - '0';
	return parse_target((TpSlice){ first + 1, (size_t) (last - first - 1) }, request, fault);
}

static TpHttpVerdict
keep_header(TpSlice name, TpSlice value, TpRequest *request, TpHttpFault *fault)
{
	for (int i = 0; i < TP_H_COUNT; i++)
	{
		if (header_names[i].length != name.length || strncasecmp(header_names[i].name, name.data, name.length) != 0)
			continue;
		if (request->headers[i].data == NULL)
			request->headers[i] = value;
		else if (only_once[i])
			return malformed(fault, "a header that may be there once is there twice");
		else if (i == TP_H_X_FORWARDED_FOR || i == TP_H_X_FORWARDED_PROTO || i == TP_H_X_FORWARDED_HOST)
			/* the nearest hop's is the last; what is before it is only hearsay */
			request->headers[i] = value;
		break;
	}
	return TP_HTTP_DONE;
}

static TpHttpVerdict
parse_header(TpSlice line, TpRequest *request, TpHttpFault *fault)
{
	const char *colon = memchr(line.data, ':', line.length);
	TpSlice name;
	TpSlice value;

	if (colon == NULL || colon == line.data)
		return malformed(fault, "a header line has no name");
	name = (TpSlice){ line.data, (size_t) (colon - line.data) };
	for (size_t i = 0; i < name.length; i++)
		if (!is_token(name.data[i]))
			return malformed(fault, "a header's name has a character that no name has");
	value = trim_blanks((TpSlice){ colon + 1, line.length - name.length - 1 });
	for (size_t i = 0; i < value.length; i++)
		if (((unsigned char) value.data[i] < 0x20 && value.data[i] != '\t') || value.data[i] == 0x7F)
			return malformed(fault, "a header's value has a control character");
	return keep_header(name, value, request, fault);
}

static TpHttpVerdict
parse_length(TpRequest *request, TpHttpFault *fault)
{
	TpSlice length = request->headers[TP_H_CONTENT_LENGTH];

	if (request->headers[TP_H_TRANSFER_ENCODING].data != NULL)
	{
		if (length.data != NULL)
			return malformed(fault, "Content-Length and Transfer-Encoding exclude each other");
		return refuse(fault, 411, "length_required", "a body needs a Content-Length; chunks are not taken");
	}
	if (length.data == NULL)
		return TP_HTTP_DONE;
	if (length.length == 0 || length.length > 15)
		return malformed(fault, "Content-Length is not a number of bytes");
	for (size_t i = 0; i < length.length; i++)
	{
		if (length.data[i] < '0' || length.data[i] > '9')
			return malformed(fault, "Content-Length is not a number of bytes");
		request->body_length = request->body_length * 10 + (uint64_t) (length.data[i] - '0');
	}
	return TP_HTTP_DONE;
}

/* What several headers mean together. */
static TpHttpVerdict
conclude(TpRequest *request, TpHttpFault *fault)
{
	TpSlice connection = request->headers[TP_H_CONNECTION];
	TpSlice expect = request->headers[TP_H_EXPECT];

	if (request->minor == 1 && request->headers[TP_H_HOST].data == NULL)
		return malformed(fault, "the Host header is missing");
	if (expect.data != NULL && !same(expect, "100-continue"))
		return refuse(fault, 417, "expectation_failed", "Expect can only be 100-continue");
	request->keep_alive = request->minor == 1 && !tp_list_has(connection, "close");
	request->upgrade = request->minor == 1 && tp_list_has(connection, "upgrade") &&
					   tp_list_has(request->headers[TP_H_UPGRADE], "websocket");
	return parse_length(request, fault);
}

static TpHttpVerdict
parse_head(TpSlice head, TpRequest *request, TpHttpFault *fault)
{
	TpHttpVerdict verdict = TP_HTTP_DONE;
	int lines = 0;

	while (head.length > 0 && verdict == TP_HTTP_DONE)
	{
		const char *end = memchr(head.data, '\n', head.length);
		TpSlice line = { head.data, end == NULL ? head.length : (size_t) (end - head.data) };

		if (end == NULL || line.length == 0 || line.data[line.length - 1] != '\r')
			return malformed(fault, "a line does not end in CRLF");
		head.data += line.length + 1;
		head.length -= line.length + 1;
		line.length--;
		if (lines == 0)
			verdict = parse_request_line(line, request, fault);
		else if (lines > TP_HEADER_COUNT)
			verdict = refuse(fault, 431, "headers_too_large", "the request has more than 100 headers");
		else if (line.length > 0)
			verdict = parse_header(line, request, fault);
		lines++;
	}
	return verdict;
}

/* What cannot become a head, however it goes on: no need to wait for its end. */
static bool
hopeless(TpSlice bytes, size_t from)
{
	const char *end;

	if (bytes.length > 0 && !is_token(bytes.data[0]) && bytes.data[0] != '\r')
		return true;
	while (from < bytes.length && (end = memchr(bytes.data + from, '\n', bytes.length - from)) != NULL)
	{
		if (end == bytes.data || end[-1] != '\r')
			return true;
		from = (size_t) (end + 1 - bytes.data);
	}
	return false;
}

TpHttpVerdict
tp_request_parse(TpSlice bytes, size_t *scanned, TpRequest *request, TpHttpFault *fault)
{
	const char *end;
	size_t from = *scanned > 3 ? *scanned - 3 : 0;
	TpHttpVerdict verdict;

	end = bytes.length - from < 4 ? NULL : memmem(bytes.data + from, bytes.length - from, "\r\n\r\n", 4);
	*scanned = bytes.length;
	if (end == NULL || (size_t) (end - bytes.data) > TP_HEAD_LIMIT)
	{
		if (hopeless(bytes, from))
			return malformed(fault, "this is not an HTTP/1.1 request with lines that end in CRLF");
		if (bytes.length <= TP_HEAD_LIMIT)
			return TP_HTTP_MORE;
		return refuse(fault, 431, "headers_too_large", "the request's headers are longer than 16384 bytes");
	}
	*scanned = 0;
	*request = (TpRequest){ 0 };
	request->head_length = (size_t) (end - bytes.data) + 4;
	verdict = parse_head((TpSlice){ bytes.data, request->head_length - 2 }, request, fault);
	return verdict == TP_HTTP_DONE ? conclude(request, fault) : verdict;
}
