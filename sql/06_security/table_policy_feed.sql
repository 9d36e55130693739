-- Row security of what the follower keeps of accounts: nobody reads these rows but
-- through functions; administrators and auditors see all.

ALTER TABLE tradepost_internal.fills ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.fill_positions ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.closed_trades ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.performance_spans ENABLE ROW LEVEL SECURITY;

CREATE POLICY everything ON tradepost_internal.fills FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.fill_positions FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.closed_trades FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.performance_spans FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
COMMENT ON POLICY everything ON tradepost_internal.fills IS 'These roles see every account''s rows';
COMMENT ON POLICY everything ON tradepost_internal.fill_positions IS 'These roles see every account''s rows';
COMMENT ON POLICY everything ON tradepost_internal.closed_trades IS 'These roles see every account''s rows';
COMMENT ON POLICY everything ON tradepost_internal.performance_spans IS 'These roles see every account''s rows';
