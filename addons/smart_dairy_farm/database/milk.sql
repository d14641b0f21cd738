-- Milk of an animal under withdrawal, and colostrum, is discarded by itself, whoever writes it and however.

CREATE OR REPLACE FUNCTION farm_milk_record_keep_rules() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
    changed integer[];  -- of an UPDATE: the rows whose rules could be broken now. NULL: all of an INSERT
    animals integer[];
    withheld integer[];
    colostrum integer[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(n.id) INTO changed
          FROM new_rows n JOIN old_rows o USING (id)
         WHERE (n.animal_id, n.record_date, n.session) IS DISTINCT FROM (o.animal_id, o.record_date, o.session)
            OR (o.discarded AND NOT n.discarded)
            OR (o.override_reason IS NOT NULL AND n.override_reason IS NULL);
        IF changed IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;

    SELECT array_agg(DISTINCT n.animal_id) INTO animals FROM new_rows n WHERE changed IS NULL OR n.id = ANY(changed);
    IF animals IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM farm_milk_announce(animals);

    -- min() and not LIMIT 1, which would lure the planner of a big INSERT into nested loops
    SELECT min(n.animal_id) AS animal_id, min(n.record_date) AS record_date INTO bad
      FROM new_rows n JOIN farm_animal a ON a.id = n.animal_id
     WHERE (changed IS NULL OR n.id = ANY(changed)) AND n.record_date < a.birth_date;
    IF bad.animal_id IS NOT NULL THEN
        PERFORM farm_refuse('farm_milk_record', 'farm_milk_record_after_birth', 'milk before the animal was born',
            format('animal %s, %s', bad.animal_id, bad.record_date));
    END IF;

    SELECT min(n.animal_id) AS animal_id, min(n.record_date) AS record_date INTO bad
      FROM new_rows n
      JOIN farm_milk_record other ON other.animal_id = n.animal_id AND other.record_date = n.record_date
       AND (other.session = 'day') <> (n.session = 'day')
     WHERE changed IS NULL OR n.id = ANY(changed);
    IF bad.animal_id IS NOT NULL THEN
        PERFORM farm_refuse('farm_milk_record', 'farm_milk_record_day_or_sessions',
            'a day has either one whole-day record or single sessions, not both',
            format('animal %s, %s', bad.animal_id, bad.record_date));
    END IF;

    SELECT array_agg(DISTINCT n.id) INTO withheld
      FROM new_rows n
      JOIN farm_treatment t ON t.animal_id = n.animal_id
       AND n.record_date BETWEEN t.start_date AND t.milk_withdrawal_until
     WHERE (changed IS NULL OR n.id = ANY(changed)) AND NOT n.discarded AND n.override_reason IS NULL;
    IF withheld IS NOT NULL THEN
        UPDATE farm_milk_record SET discarded = true, discard_reason = 'withdrawal', saleable_yield = 0
         WHERE id = ANY(withheld);
    END IF;

    SELECT array_agg(n.id) INTO colostrum
      FROM new_rows n
      JOIN farm_farm f ON f.id = n.farm_id
      JOIN farm_lactation l ON l.animal_id = n.animal_id
       AND n.record_date BETWEEN l.calving_date AND l.calving_date + f.colostrum_days - 1
     WHERE (changed IS NULL OR n.id = ANY(changed)) AND NOT n.discarded AND n.override_reason IS NULL;
    IF colostrum IS NOT NULL THEN
        UPDATE farm_milk_record SET discarded = true, discard_reason = 'colostrum', saleable_yield = 0
         WHERE id = ANY(colostrum) AND NOT discarded;
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS farm_milk_record_after_insert ON farm_milk_record;
CREATE TRIGGER farm_milk_record_after_insert AFTER INSERT ON farm_milk_record
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION farm_milk_record_keep_rules();
DROP TRIGGER IF EXISTS farm_milk_record_after_update ON farm_milk_record;
CREATE TRIGGER farm_milk_record_after_update AFTER UPDATE ON farm_milk_record
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION farm_milk_record_keep_rules();
