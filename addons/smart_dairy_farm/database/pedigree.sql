-- A dam is female, a sire male, both born before the calf; nobody is their own ancestor.

CREATE OR REPLACE FUNCTION farm_animal_check_pedigree(changed integer[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT calf.id AS calf, parent.id AS parent, link.role, parent.sex AS sex INTO bad
      FROM farm_animal calf
      CROSS JOIN LATERAL (VALUES ('dam', calf.dam_id, 'female'), ('sire', calf.sire_id, 'male'))
                 AS link(role, parent_id, sex)
      JOIN farm_animal parent ON parent.id = link.parent_id
     WHERE (calf.id = ANY(changed) OR calf.dam_id = ANY(changed) OR calf.sire_id = ANY(changed))
       AND (parent.sex <> link.sex OR parent.birth_date >= calf.birth_date)
     LIMIT 1;
    IF FOUND THEN
        PERFORM farm_refuse('farm_animal', 'farm_animal_pedigree',
            'a dam is female, a sire male, and both are born before the calf',
            format('animal %s, %s %s', bad.calf, bad.role, bad.parent));
    END IF;

    -- Known birth dates are strictly ordered, so a cycle passes through an animal with parents and no birth date
    WITH RECURSIVE ancestors(origin, id) AS (
        SELECT a.id, p.id
          FROM farm_animal a, unnest(ARRAY[a.dam_id, a.sire_id]) AS p(id)
         WHERE a.birth_date IS NULL AND (a.dam_id IS NOT NULL OR a.sire_id IS NOT NULL) AND p.id IS NOT NULL
        UNION
        SELECT up.origin, p.id
          FROM ancestors up
          JOIN farm_animal a ON a.id = up.id, unnest(ARRAY[a.dam_id, a.sire_id]) AS p(id)
         WHERE p.id IS NOT NULL AND up.id <> up.origin
    )
    SELECT origin INTO bad FROM ancestors WHERE id = origin LIMIT 1;
    IF FOUND THEN
        PERFORM farm_refuse('farm_animal', 'farm_animal_no_cycle',
            'an animal cannot be among its own ancestors', format('animal %s', bad.origin));
    END IF;
END $$;

CREATE OR REPLACE FUNCTION farm_animal_after_insert() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed integer[];
BEGIN
    SELECT array_agg(id) INTO changed FROM new_rows WHERE dam_id IS NOT NULL OR sire_id IS NOT NULL;
    IF changed IS NOT NULL THEN
        PERFORM farm_animal_check_pedigree(changed);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION farm_animal_after_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed integer[];
BEGIN
    SELECT array_agg(n.id) INTO changed
      FROM new_rows n JOIN old_rows o USING (id)
     WHERE (n.dam_id, n.sire_id, n.birth_date, n.sex) IS DISTINCT FROM (o.dam_id, o.sire_id, o.birth_date, o.sex);
    IF changed IS NOT NULL THEN
        PERFORM farm_animal_check_pedigree(changed);
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS farm_animal_after_insert ON farm_animal;
CREATE TRIGGER farm_animal_after_insert AFTER INSERT ON farm_animal
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION farm_animal_after_insert();
DROP TRIGGER IF EXISTS farm_animal_after_update ON farm_animal;
CREATE TRIGGER farm_animal_after_update AFTER UPDATE ON farm_animal
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION farm_animal_after_update();
