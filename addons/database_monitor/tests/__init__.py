from . import test_histogram, test_latency, test_shapes, test_snapshot
