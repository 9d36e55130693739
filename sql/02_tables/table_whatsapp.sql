-- WhatsApp: which phone trades for whom, what was written and answered, and what waits for
-- its confirmation.  Written by the functions of sql/05_platform/whatsapp_*.sql, which run
-- as their owner.  What leaves by itself is in table_whatsapp_outbox.sql.

CREATE TABLE tradepost_internal.phone_links (
	tenant          bigint NOT NULL REFERENCES tradepost_internal.tenants,
	phone           text NOT NULL CHECK (phone ~ '^[+][1-9][0-9]{6,14}$'),
	user_id         bigint NOT NULL CONSTRAINT phone_links_user_key UNIQUE REFERENCES tradepost_internal.users,
	language        text CHECK (language IN ('en', 'es', 'pt')),
	spoken          text CHECK (spoken IN ('en', 'es', 'pt')),
	linked_at       timestamptz NOT NULL DEFAULT now(),
	last_inbound_at timestamptz,
	opted_out_at    timestamptz,
	wrong_codes     integer NOT NULL DEFAULT 0,
	CONSTRAINT phone_links_pkey PRIMARY KEY (tenant, phone)
);
COMMENT ON TABLE tradepost_internal.phone_links IS 'Phones that trade: one user a phone and tenant, one phone a user. Each message of a phone locks its row, so that they are taken one after the other';
COMMENT ON COLUMN tradepost_internal.phone_links.tenant IS 'Tenant whose number it writes to; another tenant may know the same phone';
COMMENT ON COLUMN tradepost_internal.phone_links.phone IS 'Telephone number, as E.164 writes it';
COMMENT ON COLUMN tradepost_internal.phone_links.user_id IS 'Whom it trades for';
COMMENT ON COLUMN tradepost_internal.phone_links.language IS 'Language that the user chose: en, es or pt; NULL: found out from each message';
COMMENT ON COLUMN tradepost_internal.phone_links.spoken IS 'Language of the last message that told it: what goes out where none was chosen';
COMMENT ON COLUMN tradepost_internal.phone_links.linked_at IS 'When the code came from this phone';
COMMENT ON COLUMN tradepost_internal.phone_links.last_inbound_at IS 'When it last wrote: for 24 hours from then on free text may be sent to it';
COMMENT ON COLUMN tradepost_internal.phone_links.opted_out_at IS 'When it asked for no more messages; its own are answered all the same';
COMMENT ON COLUMN tradepost_internal.phone_links.wrong_codes IS 'Wrong confirmation codes in a row: the fifth voids what waits';
COMMENT ON INDEX tradepost_internal.phone_links_pkey IS 'Whom a phone trades for';
COMMENT ON INDEX tradepost_internal.phone_links_user_key IS 'A user''s phone';

CREATE TABLE tradepost_internal.phone_link_codes (
	user_id    bigint NOT NULL CONSTRAINT phone_link_codes_pkey PRIMARY KEY REFERENCES tradepost_internal.users,
	tenant     bigint NOT NULL,
	phone      text NOT NULL CHECK (phone ~ '^[+][1-9][0-9]{6,14}$'),
	code_hash  bytea CHECK (length(code_hash) = 32),
	expires_at timestamptz NOT NULL,
	tries      integer NOT NULL DEFAULT 0,
	sent       integer NOT NULL DEFAULT 1,
	sent_since timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX phone_link_codes_phone ON tradepost_internal.phone_link_codes (tenant, phone);
COMMENT ON TABLE tradepost_internal.phone_link_codes IS 'Codes that link a phone: one a user, good from that phone alone, for ten minutes and five tries';
COMMENT ON COLUMN tradepost_internal.phone_link_codes.user_id IS 'Whom the phone is to trade for';
COMMENT ON COLUMN tradepost_internal.phone_link_codes.tenant IS 'The user''s tenant';
COMMENT ON COLUMN tradepost_internal.phone_link_codes.phone IS 'Phone that the code must come from';
COMMENT ON COLUMN tradepost_internal.phone_link_codes.code_hash IS 'SHA-256 of user, phone and code; NULL: spent';
COMMENT ON COLUMN tradepost_internal.phone_link_codes.expires_at IS 'When it ends';
COMMENT ON COLUMN tradepost_internal.phone_link_codes.tries IS 'Wrong codes that came from the phone';
COMMENT ON COLUMN tradepost_internal.phone_link_codes.sent IS 'Codes made since sent_since';
COMMENT ON COLUMN tradepost_internal.phone_link_codes.sent_since IS 'When the hour began in which sent were made';
COMMENT ON INDEX tradepost_internal.phone_link_codes_pkey IS 'A user''s code';
COMMENT ON INDEX tradepost_internal.phone_link_codes_phone IS 'The codes that may come from a phone';

CREATE TABLE tradepost_internal.whatsapp_messages (
	account_sid     text NOT NULL CHECK (length(account_sid) BETWEEN 1 AND 64),
	message_sid     text NOT NULL CHECK (length(message_sid) BETWEEN 1 AND 64),
	tenant          bigint NOT NULL,
	phone           text NOT NULL,
	user_id         bigint,
	received_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
	kind            text NOT NULL CHECK (kind IN ('text', 'voice', 'button', 'other')),
	body            text NOT NULL CHECK (length(body) <= 4096),
	language        text,
	action          text,
	command_id      bigint,
	order_id        bigint,
	reply           text,
	answered_at     timestamptz,
	outcome_told_at timestamptz,
	told_seq        bigint,
	media_url       text,
	media_type      text,
	voice_state     text CHECK (voice_state IN ('queued', 'leased', 'done', 'failed')),
	leased_until    timestamptz,
	attempts        integer NOT NULL DEFAULT 0,
	transcript      text,
	confidence      numeric,
	fault           text,
	CONSTRAINT whatsapp_messages_pkey PRIMARY KEY (account_sid, message_sid)
);
CREATE INDEX whatsapp_messages_received ON tradepost_internal.whatsapp_messages (received_at);
CREATE INDEX whatsapp_messages_untold ON tradepost_internal.whatsapp_messages (received_at) WHERE command_id IS NOT NULL AND outcome_told_at IS NULL;
CREATE INDEX whatsapp_messages_order ON tradepost_internal.whatsapp_messages (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX whatsapp_messages_voice ON tradepost_internal.whatsapp_messages (received_at) WHERE voice_state IN ('queued', 'leased');
COMMENT ON TABLE tradepost_internal.whatsapp_messages IS 'What phones wrote and were answered: one row a message, made in the transaction of what it does, so that the same message again does nothing and is answered alike. Kept for 30 days';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.account_sid IS 'Twilio''s account';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.message_sid IS 'Twilio''s name for the message';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.tenant IS 'Tenant whose number it came to';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.phone IS 'Phone that it came from';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.user_id IS 'Whom the phone traded for; NULL: nobody';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.received_at IS 'When it came';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.kind IS 'text, voice, button: the payload of one that was pressed, or other: a picture and the like';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.body IS 'What was written, as it came';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.language IS 'Language that it was answered in';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.action IS 'What it was understood as: an action of parse_command(), or link, start, suspended, unlinked';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.command_id IS 'Command that it gave the engine';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.order_id IS 'Order that the command is about';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.reply IS 'What it was answered; NULL: nothing, or not by the webhook''s answer';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.answered_at IS 'When the webhook was answered before its command was decided: that answer stands, and the outcome is told by a message';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.outcome_told_at IS 'When what became of its command was told, in the answer or later by a message';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.told_seq IS 'Last event that what was told knew of: fills of the order up to it need no message';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.media_url IS 'Where a voice note is fetched from';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.media_type IS 'Its type, as Twilio says';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.voice_state IS 'Of a voice note: queued, leased by a proxy, done, failed';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.leased_until IS 'Until when a proxy may take over it';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.attempts IS 'How often a voice note was handed out';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.transcript IS 'What was heard in a voice note';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.confidence IS 'How sure the provider was, 0 to 1; NULL: it does not say';
COMMENT ON COLUMN tradepost_internal.whatsapp_messages.fault IS 'Why a voice note was not heard';
COMMENT ON INDEX tradepost_internal.whatsapp_messages_pkey IS 'A message by Twilio''s names: each does what it does once';
COMMENT ON INDEX tradepost_internal.whatsapp_messages_received IS 'What is old enough to go';
COMMENT ON INDEX tradepost_internal.whatsapp_messages_untold IS 'Messages whose outcome is still to be told';
COMMENT ON INDEX tradepost_internal.whatsapp_messages_order IS 'From an order to what its message was told';
COMMENT ON INDEX tradepost_internal.whatsapp_messages_voice IS 'Voice notes that are to be heard';

CREATE TABLE tradepost_internal.whatsapp_pendings (
	id           bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
	tenant       bigint NOT NULL,
	phone        text NOT NULL,
	user_id      bigint NOT NULL REFERENCES tradepost_internal.users,
	choice_group bigint NOT NULL,
	code         text NOT NULL CHECK (code ~ '^[0-9]{4}$'),
	command      jsonb NOT NULL,
	shown        text NOT NULL,
	made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
	expires_at   timestamptz NOT NULL,
	consumed_at  timestamptz,
	rejected_at  timestamptz,
	CONSTRAINT whatsapp_pendings_code_key UNIQUE (tenant, phone, code)
);
COMMENT ON TABLE tradepost_internal.whatsapp_pendings IS 'What waits for its confirmation: canonical commands, each with a code that is good once, for 60 seconds, from its phone. Removed after an hour, so that an old code is never a new one''s soon';
COMMENT ON COLUMN tradepost_internal.whatsapp_pendings.id IS 'Number of the pending command';
COMMENT ON COLUMN tradepost_internal.whatsapp_pendings.tenant IS 'Tenant of the phone';
COMMENT ON COLUMN tradepost_internal.whatsapp_pendings.phone IS 'Phone that asked and must confirm';
COMMENT ON COLUMN tradepost_internal.whatsapp_pendings.user_id IS 'Whom it will be done for: linked to another user meanwhile, the phone cannot confirm it';
COMMENT ON COLUMN tradepost_internal.whatsapp_pendings.choice_group IS 'Readings of one message: confirming one voids the others';
COMMENT ON COLUMN tradepost_internal.whatsapp_pendings.code IS 'Four digits, none of the phone''s others of the last hour';
COMMENT ON COLUMN tradepost_internal.whatsapp_pendings.command IS 'What will be done: {"action", ...} as parse_command() names it';
COMMENT ON COLUMN tradepost_internal.whatsapp_pendings.shown IS 'The same in the user''s words';
COMMENT ON COLUMN tradepost_internal.whatsapp_pendings.made_at IS 'When it was asked for';
COMMENT ON COLUMN tradepost_internal.whatsapp_pendings.expires_at IS 'When it ends by itself';
COMMENT ON COLUMN tradepost_internal.whatsapp_pendings.consumed_at IS 'When it was confirmed';
COMMENT ON COLUMN tradepost_internal.whatsapp_pendings.rejected_at IS 'When it was rejected or voided';
COMMENT ON SEQUENCE tradepost_internal.whatsapp_pendings_id_seq IS 'Numbers of pending commands';
COMMENT ON INDEX tradepost_internal.whatsapp_pendings_pkey IS 'A pending command by number';
COMMENT ON INDEX tradepost_internal.whatsapp_pendings_code_key IS 'A phone''s codes, none twice within the hour';
