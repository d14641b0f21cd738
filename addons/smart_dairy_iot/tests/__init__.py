from . import (
    test_alert,
    test_alert_parallel,
    test_arrivals,
    test_bridge,
    test_figures,
    test_ingest,
    test_milking,
    test_sensor,
)
