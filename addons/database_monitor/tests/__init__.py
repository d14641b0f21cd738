from . import (
    test_alerts,
    test_histogram,
    test_latency,
    test_n_plus_one,
    test_plans,
    test_shapes,
    test_snapshot,
)
