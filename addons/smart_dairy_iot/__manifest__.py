{
    "name": "Smart Dairy: Sensors",
    "summary": "Sensors of the barn: readings by HTTP and MQTT, stored once each, never lost",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "Sensors, gateways and partitioned readings of a dairy farm. See README.md.",
    "version": "19.0.1.0.0",
    "category": "Industries/Dairy",
    "license": "LGPL-3",
    "author": "Smart Dairy",
    "depends": ["smart_dairy_farm", "database_partition", "database_rollup"],
    "data": [
        "security/ir.model.access.csv",
        "security/iot_rules.xml",
        "data/ir_cron.xml",
        "views/farm_tank_views.xml",
        "views/farm_sensor_views.xml",
        "views/farm_sensor_gateway_views.xml",
        "views/farm_sensor_quarantine_views.xml",
        "views/res_config_settings_views.xml",
        "views/menus.xml",
    ],
    "installable": True,
}
