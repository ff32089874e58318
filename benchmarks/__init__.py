"""Benchmarks: what users would pick instead, side by side, on the same inputs."""
