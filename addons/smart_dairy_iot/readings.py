"""The table of readings, its name and limits: one place that models, engine and benchmarks read."""

from odoo.addons.database_partition import PartitionSet, declare

#: Days of raw readings kept, unless the setting says otherwise
KEPT_DAYS = 90

#: One row a reading. The identity (sensor, device time) is the primary key, and the only B-tree: backwards it
#: finds a sensor's newest readings. Rows come in the order of their ids, so BRIN finds one by its id.
READINGS = declare(
    PartitionSet(
        table="iot_sensor_data_partitioned",
        key="timestamp",
        interval="day",
        columns="""
            id bigserial,
            sensor_id integer NOT NULL,
            "timestamp" timestamp NOT NULL,
            value double precision NOT NULL,
            unit varchar,
            quality varchar NOT NULL DEFAULT 'good',
            received_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
            PRIMARY KEY (sensor_id, "timestamp")
        """,
        indexes=("USING brin (id)",),
        premake=30,
        history=KEPT_DAYS,
        retention=KEPT_DAYS,
        zone="UTC",
        # a day goes when its hourly and daily figures are sealed, and not before
        free_until="SELECT sealed FROM farm_sensor_seal",
        title="Sensor readings",
    ),
    "smart_dairy_iot",
)
