from . import test_histogram, test_latency, test_n_plus_one, test_shapes, test_snapshot
