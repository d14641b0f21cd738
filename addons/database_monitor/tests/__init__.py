from . import test_histogram, test_latency, test_shapes
