-- Who writes milk and who decides over it (a treatment, a calving) take turns, animal by animal.
--
-- A decision must reach the milk that is committed while it is being made. Under REPEATABLE READ, Odoo's own
-- isolation, it cannot see that milk: its snapshot is older. So every write of milk leaves a mark, a row of its
-- own, which keeps no other write of milk waiting; and a decision deletes the latch that the animal's marks hang
-- on. The cascade of a foreign key looks past the snapshot and refuses what the snapshot does not show: the
-- decision fails with a serialization error (40001) and is retried, by Odoo, with a snapshot that sees the milk.
-- The other way round the latch is what a late write of milk stumbles over.

CREATE TABLE IF NOT EXISTS farm_milk_latch (
    animal_id integer PRIMARY KEY REFERENCES farm_animal ON DELETE CASCADE
);
-- Unlogged: after a crash there is no snapshot left that could miss a mark
CREATE UNLOGGED TABLE IF NOT EXISTS farm_milk_mark (
    animal_id integer NOT NULL REFERENCES farm_milk_latch ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS farm_milk_mark_animal_idx ON farm_milk_mark (animal_id);

-- Before looking at what decides over the milk just written: waits for decisions in work
CREATE OR REPLACE FUNCTION farm_milk_announce(animals integer[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM farm_animal WHERE id = ANY(animals) ORDER BY id FOR SHARE;
    INSERT INTO farm_milk_latch
    SELECT a.id FROM unnest(animals) AS a(id)
     WHERE NOT EXISTS (SELECT FROM farm_milk_latch l WHERE l.animal_id = a.id) ORDER BY 1
        ON CONFLICT DO NOTHING;
    INSERT INTO farm_milk_mark SELECT a.id FROM unnest(animals) AS a(id) ORDER BY 1;
END $$;

-- Before looking at the milk that a decision is over: waits for milk being written, keeps further milk waiting
CREATE OR REPLACE FUNCTION farm_milk_decide(animals integer[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM farm_animal WHERE id = ANY(animals) ORDER BY id FOR NO KEY UPDATE;
    DELETE FROM farm_milk_latch WHERE animal_id = ANY(animals);
    INSERT INTO farm_milk_latch SELECT a.id FROM unnest(animals) AS a(id) ORDER BY 1 ON CONFLICT DO NOTHING;
END $$;

-- Forget old marks. A decision whose snapshot could need one fails at the latch, as if it had found the mark
CREATE OR REPLACE FUNCTION farm_milk_forget_marks() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE farm_milk_latch l SET animal_id = l.animal_id
     WHERE EXISTS (SELECT FROM farm_milk_mark m WHERE m.animal_id = l.animal_id);
    DELETE FROM farm_milk_mark;
END $$;
