from . import (
    test_alerts,
    test_declare,
    test_histogram,
    test_latency,
    test_n_plus_one,
    test_plans,
    test_report,
    test_screens,
    test_shapes,
    test_snapshot,
)
