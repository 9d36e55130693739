-- Row security of WhatsApp's tables: nobody reads these rows but through functions;
-- administrators and auditors see all.

ALTER TABLE tradepost_internal.phone_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.phone_link_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.whatsapp_messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.whatsapp_pendings ENABLE ROW LEVEL SECURITY;

CREATE POLICY everything ON tradepost_internal.phone_links FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.phone_link_codes FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.whatsapp_messages FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.whatsapp_pendings FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
COMMENT ON POLICY everything ON tradepost_internal.phone_links IS 'These roles see every user''s rows';
COMMENT ON POLICY everything ON tradepost_internal.phone_link_codes IS 'These roles see every user''s rows';
COMMENT ON POLICY everything ON tradepost_internal.whatsapp_messages IS 'These roles see every user''s rows';
COMMENT ON POLICY everything ON tradepost_internal.whatsapp_pendings IS 'These roles see every user''s rows';
