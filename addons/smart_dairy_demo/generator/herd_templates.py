"""One row of each of the herd's tables, made by the ORM and rolled back (see `templates.py`)."""

from datetime import timedelta

from .templates import Template, UndoError


def make_herd_templates(ctx, farm):
    """Make a cow with all her records once, read the rows, and undo it."""
    template = Template()
    env, day = ctx.env, ctx.first
    try:
        with env.cr.savepoint():
            animal = env["farm.animal"].create(
                {
                    "name": "template",
                    "animal_type": "cow",
                    "farm_id": farm["id"],
                    "birth_date": day - timedelta(days=900),
                    "entry_date": day - timedelta(days=900),
                    "ear_tag": "template",
                    "pen_id": farm["pens"]["M1"],
                }
            )
            event = env["farm.reproduction.event"].create(
                {"animal_id": animal.id, "event_date": day - timedelta(days=30), "event_type": "calving"}
            )
            case = env["farm.health.record"].create({"animal_id": animal.id, "record_date": day})
            treatment = env["farm.treatment"].create(
                {
                    "health_record_id": case.id,
                    "drug_id": env["farm.drug"].search([], limit=1).id,
                    "dose": 1,
                    "start_date": day + timedelta(days=1),
                }
            )
            milk = env["farm.milk.record"].create(
                {
                    "animal_id": animal.id,
                    "record_date": day,
                    "session": "morning",
                    "total_yield": 1,
                    "source": "demo",
                }
            )
            climate = env["farm.climate.record"].create(
                {"farm_id": farm["id"], "barn_id": farm["barn"], "temperature": 20, "humidity": 50}
            )
            records = (
                animal, animal.tag_ids, animal.pen_stay_ids, event, event.lactation_id, case, treatment,
                milk, climate,
            )  # fmt: skip
            for record in records:
                template.read("row", record)
            raise UndoError
    except UndoError:
        env.invalidate_all()
        env.transaction.clear()
    return template
