"""Columns of the herd's tables that differ from row to row; all others come from the template."""

from .columns import STAMPS

BY_TABLE = {
    "farm_animal": (
        "id", "name", "ear_tag", "rfid_tag", "management_number", "animal_type", "sex", "breed_id",
        "birth_date",
        "farm_id", "pen_id", "entry_date", "status", "exit_date", "exit_reason", "dam_id", "sire_id",
        "sire_code",
        "entry_parity", "parity", "current_lactation_id", "lactation_status", "reproduction_status",
        "due_date",
        "health_status", "milk_withdrawal_until", "meat_withdrawal_until", *STAMPS,
    ),
    "farm_animal_tag": ("id", "animal_id", "tag_type", "value", "date_from", "date_to", *STAMPS),
    "farm_pen_stay": ("id", "animal_id", "pen_id", "farm_id", "date_from", "date_to", *STAMPS),
    "farm_lactation": (
        "id", "animal_id", "farm_id", "parity", "calving_date", "dry_off_date", "end_date", *STAMPS,
    ),
    "farm_reproduction_event": (
        "id", "animal_id", "farm_id", "event_date", "event_type", "result", "sire_id", "sire_code",
        "lactation_id",
        *STAMPS,
    ),
    "farm_health_record": (
        "id", "animal_id", "farm_id", "record_date", "record_type", "health_status", "diagnosis", "quarter",
        "state",
        "closed_date", *STAMPS,
    ),
    "farm_treatment": (
        "id", "health_record_id", "animal_id", "farm_id", "drug_id", "dose", "dose_uom", "route",
        "start_date",
        "last_dose_date", "milk_withdrawal_days", "meat_withdrawal_days", "milk_withdrawal_until",
        "meat_withdrawal_until", "veterinarian_id", *STAMPS,
    ),
    "farm_milk_record": (
        "id", "animal_id", "farm_id", "pen_id", "lactation_id", "dim", "record_date", "session",
        "total_yield",
        "morning_yield", "evening_yield", "fat_percentage", "protein_percentage", "scc", "discarded",
        "discard_reason", "saleable_yield", *STAMPS,
    ),
    "farm_climate_record": (
        "id", "farm_id", "barn_id", "recorded_at", "temperature", "humidity", "thi", *STAMPS,
    ),
}  # fmt: skip
