"""Helpers for tests and benchmarks: real servers, scratch databases."""
