#!/bin/bash
# chat.sh [es|pt|en]
#	  Writes to the running stack as a phone does by WhatsApp, without a Twilio account.
#
# Called by `make chat`.  It registers a user with play money, links a number that nobody has,
# and sends each line of standard input as a webhook, signed with the stack's secret as Twilio
# signs its own.  Answers stand below what was written; what would leave for the phone by
# itself, such as fills, is read from the outbox and marked with <<.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

language=${1:-}
[ -r "$RUN_DIR/env" ] || die "nothing runs in $RUN_DIR: make start, or make run in another terminal"
# shellcheck disable=SC1091
. "$RUN_DIR/env"
for program in curl openssl; do
	command -v "$program" > /dev/null || die "$program is not installed"
done
SETTINGS=$(readlink -f "$RUN_DIR/proxy")/proxy.env
SOCKET=$(readlink -f "$RUN_DIR/socket")
PGBIN=$(readlink -f "$RUN_DIR/pg")/bin

setting() { sed -n "s/^$1=//p" "$SETTINGS" | tail -n 1; }
account=$(setting TWILIO_ACCOUNT_SID)
secret=$(setting TWILIO_AUTH_TOKEN)
number=$(setting TWILIO_WHATSAPP_NUMBER)
public=$(setting PUBLIC_URL)
if [ -z "$account" ] || [ -z "$secret" ] || [ -z "$number" ]; then
	die "$SETTINGS has no TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_WHATSAPP_NUMBER: 'make reset start' writes some"
fi

random_hex() { od -An -tx1 -N"$1" /dev/urandom | tr -d ' \n'; }
phone=+1555$(od -An -tu4 -N4 /dev/urandom | tr -d ' ' | sed 's/.*\(.......\)$/\1/;s/^/0000000/;s/.*\(.......\)$/\1/')

# rest METHOD PATH [JSON]: its answer; fails with the problem's text.
rest() {
	curl -sS -m 20 -X "$1" "$TRADEPOST_URL/api/v1/$2" -H 'Content-Type: application/json' ${token:+-H "Authorization: Bearer $token"} ${3:+-d "$3"}
}
field() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"; }

# TwiML without its tags.
told() {
	sed -e 's/<?xml[^>]*?>//' -e 's#</Message>#\n#g' -e 's/<[^>]*>//g' -e 's/&lt;/</g;s/&gt;/>/g;s/&quot;/"/g;s/&apos;/'"'"'/g;s/&#\(10\|x[aA]\|xD\|13\);//g;s/&amp;/\&/g' | sed '/./,$!d'
}

# A message as Twilio brings it.  Names are in the order in which they are signed.
write() {
	local id=SM names values=() signed i answer
	id+=$(random_hex 16)
	names=(AccountSid Body From MessageSid NumMedia ProfileName To WaId)
	values=("$account" "$1" "whatsapp:$phone" "$id" 0 Chat "whatsapp:$number" "${phone#+}")
	signed=${public:-$TRADEPOST_URL}/api/v1/webhooks/twilio/whatsapp
	local data=()
	for i in "${!names[@]}"; do
		signed+=${names[i]}${values[i]}
		data+=(--data-urlencode "${names[i]}=${values[i]}")
	done
	signed=$(printf '%s' "$signed" | openssl dgst -sha1 -hmac "$secret" -binary | openssl base64)
	answer=$(curl -sS -m 20 "$TRADEPOST_URL/api/v1/webhooks/twilio/whatsapp" -H "X-Twilio-Signature: $signed" "${data[@]}") || return 0
	told <<< "$answer"
}

# What the outbox has for the phone since the last look.
seen=0
listen() {
	local id line
	while IFS=$'\t' read -r id line; do
		[ -n "$id" ] || continue
		seen=$id
		printf '<< %b\n' "$line"
	done < <(as_user "$PGBIN/psql" -X -At -F $'\t' -h "$SOCKET" -p "$PGPORT" -U postgres -d "$PGDATABASE" -c \
		"SELECT id, replace(replace(body, '\\', '\\\\'), E'\\n', '\\n   ') FROM tradepost_internal.whatsapp_outbox WHERE phone = '$phone' AND id > $seen ORDER BY id" 2> /dev/null || true)
}

token=
token=$(rest POST auth/register "{\"email\":\"chat-$(random_hex 6)@example.com\",\"password\":\"Chat-$(random_hex 8)\"}" | field token)
[ -n "$token" ] || die "no user could be registered at $TRADEPOST_URL"
link=$(rest POST users/whatsapp "{\"phone\":\"$phone\"}" | field text)
[ -n "$link" ] || die "no code to link the phone with"

say "You are $phone. End with Ctrl-D.  Some words: Help, Market, Buy 1 Dec25 Wheat at 5.40, Compra 1 Dic25 Trigo a 5,40, Orders, Cancel all"
printf '> %s\n' "$link"
write "$link"
[ -z "$language" ] || rest PATCH users/whatsapp "{\"language\":\"$language\"}" > /dev/null
[ ! -t 0 ] || printf '> '
while :; do
	line=
	if read -r -t 1 line; then
		[ -t 0 ] || printf '> %s\n' "$line"
		[ -z "$line" ] || write "$line"
		[ ! -t 0 ] || printf '> '
	elif [ $? -le 128 ]; then
		break
	fi
	listen
done
sleep 2
listen
