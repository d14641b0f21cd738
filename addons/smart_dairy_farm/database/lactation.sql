-- The milk of the first days after a calving is colostrum: a calving entered, moved or removed decides over it.

CREATE OR REPLACE FUNCTION farm_lactation_apply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    animals integer[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT animal_id) INTO animals FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT animal_id) INTO animals FROM old_rows;
    ELSE
        SELECT array_agg(DISTINCT x.animal_id) INTO animals
          FROM new_rows n JOIN old_rows o USING (id), unnest(ARRAY[n.animal_id, o.animal_id]) AS x(animal_id)
         WHERE (n.animal_id, n.calving_date) IS DISTINCT FROM (o.animal_id, o.calving_date);
    END IF;
    IF animals IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM farm_milk_decide(animals);

    IF TG_OP <> 'DELETE' THEN
        UPDATE farm_milk_record m SET discarded = true, discard_reason = 'colostrum', saleable_yield = 0
          FROM new_rows l, farm_farm f
         WHERE l.animal_id = ANY(animals) AND m.animal_id = l.animal_id AND f.id = m.farm_id
           AND m.record_date BETWEEN l.calving_date AND l.calving_date + f.colostrum_days - 1
           AND NOT m.discarded AND m.override_reason IS NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        -- What is under withdrawal as well is discarded again by the trigger on milk
        UPDATE farm_milk_record m SET discarded = false, discard_reason = NULL, saleable_yield = m.total_yield
          FROM old_rows o, farm_farm f
         WHERE o.animal_id = ANY(animals) AND m.animal_id = o.animal_id AND f.id = m.farm_id
           AND m.record_date BETWEEN o.calving_date AND o.calving_date + f.colostrum_days - 1
           AND m.discard_reason = 'colostrum'
           AND NOT EXISTS (SELECT FROM farm_lactation l
                            WHERE l.animal_id = m.animal_id
                              AND m.record_date BETWEEN l.calving_date AND l.calving_date + f.colostrum_days - 1);
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS farm_lactation_after_insert ON farm_lactation;
CREATE TRIGGER farm_lactation_after_insert AFTER INSERT ON farm_lactation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION farm_lactation_apply();
DROP TRIGGER IF EXISTS farm_lactation_after_update ON farm_lactation;
CREATE TRIGGER farm_lactation_after_update AFTER UPDATE ON farm_lactation
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION farm_lactation_apply();
DROP TRIGGER IF EXISTS farm_lactation_after_delete ON farm_lactation;
CREATE TRIGGER farm_lactation_after_delete AFTER DELETE ON farm_lactation
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION farm_lactation_apply();
