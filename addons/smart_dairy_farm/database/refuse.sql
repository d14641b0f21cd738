-- Refuse what a statement did: rule is reported as the violated constraint, detail names the row.
CREATE OR REPLACE FUNCTION farm_refuse(on_table text, rule text, reason text, detail text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = reason, DETAIL = COALESCE(detail, ''),
        TABLE = on_table, CONSTRAINT = rule;
END $$;
