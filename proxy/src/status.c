/*
 * status.c
 *	  HTTP's status codes: their phrases, and dense numbers for counting.
 */
#include "status.h"

/* clang-format off */
const TpStatus tp_statuses[TP_STATUS_COUNT] = {
	{ 500, "Internal Server Error" },
	{ 101, "Switching Protocols" }, { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" },
	{ 207, "Multi-Status" }, { 301, "Moved Permanently" }, { 304, "Not Modified" },
	{ 400, "Bad Request" }, { 401, "Unauthorized" }, { 402, "Payment Required" }, { 403, "Forbidden" },
	{ 404, "Not Found" }, { 405, "Method Not Allowed" }, { 406, "Not Acceptable" }, { 408, "Request Timeout" },
	{ 409, "Conflict" }, { 410, "Gone" }, { 411, "Length Required" }, { 412, "Precondition Failed" },
	{ 413, "Content Too Large" }, { 414, "URI Too Long" }, { 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" }, { 422, "Unprocessable Content" }, { 423, "Locked" }, { 426, "Upgrade Required" },
	{ 428, "Precondition Required" }, { 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" },
	{ 501, "Not Implemented" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};
/* clang-format on */

int
tp_status_index(int code)
{
	for (int i = 1; i < TP_STATUS_COUNT; i++)
		if (tp_statuses[i].code == code)
			return i;
	return 0;
}
