-- A treatment's window [start_date, milk_withdrawal_until] decides over the milk and the animal's dates.

CREATE OR REPLACE FUNCTION farm_treatment_apply(animals integer[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    PERFORM farm_milk_decide(animals);

    SELECT t.id, t.animal_id INTO bad
      FROM farm_treatment t JOIN farm_health_record c ON c.id = t.health_record_id
     WHERE t.animal_id = ANY(animals) AND c.animal_id <> t.animal_id LIMIT 1;
    IF FOUND THEN
        PERFORM farm_refuse('farm_treatment', 'farm_treatment_same_animal',
            'a treatment belongs to the animal of its case', format('treatment %s', bad.id));
    END IF;

    UPDATE farm_animal a SET milk_withdrawal_until = w.milk, meat_withdrawal_until = w.meat
      FROM (SELECT x.id, max(t.milk_withdrawal_until) AS milk, max(t.meat_withdrawal_until) AS meat
              FROM unnest(animals) AS x(id) LEFT JOIN farm_treatment t ON t.animal_id = x.id GROUP BY x.id) w
     WHERE a.id = w.id;

    UPDATE farm_milk_record m SET discarded = true, discard_reason = 'withdrawal', saleable_yield = 0
      FROM farm_treatment t
     WHERE t.animal_id = ANY(animals) AND m.animal_id = t.animal_id
       AND m.record_date BETWEEN t.start_date AND t.milk_withdrawal_until
       AND NOT m.discarded AND m.override_reason IS NULL;
END $$;

CREATE OR REPLACE FUNCTION farm_treatment_after_insert() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    animals integer[];
BEGIN
    SELECT array_agg(DISTINCT animal_id) INTO animals FROM new_rows;
    IF animals IS NOT NULL THEN
        PERFORM farm_treatment_apply(animals);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION farm_treatment_after_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    animals integer[];
BEGIN
    SELECT array_agg(DISTINCT x.animal_id) INTO animals
      FROM new_rows n JOIN old_rows o USING (id), unnest(ARRAY[n.animal_id, o.animal_id]) AS x(animal_id)
     WHERE (n.animal_id, n.health_record_id, n.start_date, n.milk_withdrawal_until, n.meat_withdrawal_until)
           IS DISTINCT FROM
           (o.animal_id, o.health_record_id, o.start_date, o.milk_withdrawal_until, o.meat_withdrawal_until);
    IF animals IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM farm_treatment_apply(animals);
    -- Milk that was withheld only for what the treatment used to say is saleable again
    UPDATE farm_milk_record m SET discarded = false, discard_reason = NULL, saleable_yield = m.total_yield
      FROM old_rows o
     WHERE o.animal_id = ANY(animals) AND m.animal_id = o.animal_id
       AND m.record_date BETWEEN o.start_date AND o.milk_withdrawal_until
       AND m.discard_reason = 'withdrawal'
       AND NOT EXISTS (SELECT FROM farm_treatment t
                        WHERE t.animal_id = m.animal_id
                          AND m.record_date BETWEEN t.start_date AND t.milk_withdrawal_until);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION farm_treatment_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM farm_refuse('farm_treatment', 'farm_treatment_kept', 'treatments are kept at least 5 years', NULL);
    ELSIF OLD.last_dose_date > current_date - interval '5 years' THEN
        PERFORM farm_refuse('farm_treatment', 'farm_treatment_kept', 'treatments are kept at least 5 years',
            format('treatment %s', OLD.id));
    END IF;
    RETURN OLD;
END $$;

DROP TRIGGER IF EXISTS farm_treatment_after_insert ON farm_treatment;
CREATE TRIGGER farm_treatment_after_insert AFTER INSERT ON farm_treatment
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION farm_treatment_after_insert();
DROP TRIGGER IF EXISTS farm_treatment_after_update ON farm_treatment;
CREATE TRIGGER farm_treatment_after_update AFTER UPDATE ON farm_treatment
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION farm_treatment_after_update();
DROP TRIGGER IF EXISTS farm_treatment_refuse_delete ON farm_treatment;
CREATE TRIGGER farm_treatment_refuse_delete BEFORE DELETE ON farm_treatment
    FOR EACH ROW EXECUTE FUNCTION farm_treatment_refuse_delete();
DROP TRIGGER IF EXISTS farm_treatment_refuse_truncate ON farm_treatment;
CREATE TRIGGER farm_treatment_refuse_truncate BEFORE TRUNCATE ON farm_treatment
    FOR EACH STATEMENT EXECUTE FUNCTION farm_treatment_refuse_delete();
